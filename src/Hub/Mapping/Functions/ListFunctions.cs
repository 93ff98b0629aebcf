using System.Text;

namespace IntegrationHub.Mapping.Functions;

/// <summary>Functions of whole lists. A single value is a list of one.</summary>
internal static class ListFunctions
{
    private const string Group = "list";

    private static readonly Value NotOrdered = Value.Fault("the list mixes kinds: only numbers or only texts have an order");

    public static IReadOnlyList<FunctionSpec> All { get; } =
    [
        One("first", "The first element, absent when there is none.", ["[1, 2] | first → 1", "absent | first → absent"], static (items, _) => At(items, 0)),
        One("last", "The last element, absent when there is none.", ["[1, 2] | last → 2"], static (items, _) => At(items, items.Length - 1)),
        new()
        {
            Name = "at",
            Group = Group,
            Summary = "The element at a position, absent when there is none.",
            Examples = ["[\"a\", \"b\", \"c\"] | at(1) → \"b\"", "[\"a\", \"b\", \"c\"] | at(-1) → \"c\"", "[\"a\"] | at(5) → absent"],
            Takes = Takes.All,
            Parameters = [new("position", "From 0; negative counts from the end.")],
            Bind = static arguments =>
            {
                var position = arguments.Integer(0, "a position", int.MinValue, int.MaxValue);
                return (input, _, _) => At(input.Items, position < 0 ? input.Items.Length + position : position);
            },
        },
        new()
        {
            Name = "only",
            Group = Group,
            Summary = "The elements, when there are at most so many; more is a fault. With 1 (or nothing) the single element itself.",
            Examples = ["[7] | only → 7", "[1, 2] | only → fault", "[1, 2] | only(2) → [1, 2]", "absent | only → absent"],
            Takes = Takes.All,
            GivesList = true,
            Parameters = [new("most", "How many there may be, 1 when left out.", Optional: true)],
            Bind = static arguments =>
            {
                var most = arguments.Count == 0 ? 1 : arguments.Integer(0, "the most elements", 1, int.MaxValue);
                return (input, _, _) => input.Items.Length > most ? Value.Fault("more elements than expected") : most == 1 ? At(input.Items, 0) : input;
            },
        },
        Many("distinct", "Every element once, in the order of the first occurrence.", ["[\"a\", \"b\", \"a\"] | distinct → [\"a\", \"b\"]"], Distinct),
        Many(
            "compact",
            "Without absent and null elements and texts of white space only.",
            ["[\"a\", null, \" \", 0] | compact → [\"a\", 0]"],
            static (input, scratch) => Where(input, static item => !item.IsNothing && !(item.Kind == ValueKind.Text && Utf8Text.Trim(item.Bytes).Length == 0), scratch)),
        Many(
            "flatten",
            "One list of a list of lists, one level. Arrays inside arrays of the source are opened by the path: $.a[*][*].",
            ["[[1, 2], 3, [4]] | flatten → [1, 2, 3, 4]"],
            Flatten),
        Many("reverse", "The elements from the last to the first.", ["[1, 2, 3] | reverse → [3, 2, 1]"], static (input, scratch) =>
        {
            var items = new ValueBuilder(input.Items.Length);
            for (var i = input.Items.Length - 1; i >= 0; i--)
                items.Add(input.Items[i]);
            return Finish(items, scratch);
        }),
        Many(
            "sort",
            "In ascending order: numbers by size, texts by code point, times with offset by the point in time. Null elements are dropped.",
            ["[10, 9, 100] | sort → [9, 10, 100]", "[\"b\", \"a\"] | sort → [\"a\", \"b\"]", "[1, \"a\"] | sort → fault"],
            Sort),
        One("count", "How many elements there are, absent and null not counted.", ["[1, null, 3] | count → 2", "absent | count → 0"], static (items, scratch) =>
        {
            var count = 0L;
            foreach (var item in items)
                count += item.IsNothing ? 0 : 1;
            return scratch.Number(count);
        }, ExpressionType.Integer),
        One("sum", "The exact sum of the numbers, null not counted; absent when there are none.", ["[0.1, 0.2, null] | sum → 0.3", "absent | sum → absent"], Sum, ExpressionType.Number),
        One("min", "The least element, in the order of sort; absent when there are none.", ["[3, 1, 2] | min → 1"], static (items, _) => Extreme(items, -1)),
        One("max", "The greatest element, in the order of sort; absent when there are none.",
            ["[3, 10, 2] | max → 10", "[\"2024-03-05T10:00:00+08:00\", \"2024-03-05T03:00:00Z\"] | max → \"2024-03-05T03:00:00Z\""], static (items, _) => Extreme(items, 1)),
        new()
        {
            Name = "join",
            Group = Group,
            Summary = "One text of all elements, null left out; absent when there are none.",
            Examples = ["[\"a\", null, 2] | join(', ') → \"a, 2\"", "absent | join(',') → absent"],
            Takes = Takes.All,
            Result = ExpressionType.Text,
            Parameters = [new("separator", "What stands between, such as '; '; nothing when left out.", Optional: true)],
            Bind = static arguments =>
            {
                var separator = Encoding.UTF8.GetBytes(arguments.OptionalText(0, "a separator such as ', '") ?? "");
                return (input, _, scratch) => Join(input.Items, separator, scratch);
            },
        },
    ];

    private delegate Value ListBody(ReadOnlySpan<Value> items, Scratch scratch);

    private static FunctionSpec One(string name, string summary, IReadOnlyList<string> examples, ListBody body, ExpressionType result = ExpressionType.Any) => new()
    {
        Name = name,
        Group = Group,
        Summary = summary,
        Examples = examples,
        Takes = Takes.All,
        Result = result,
        Bind = _ => (input, _, scratch) => body(input.Items, scratch),
    };

    private static FunctionSpec Many(string name, string summary, IReadOnlyList<string> examples, Func<Value, Scratch, Value> body) => new()
    {
        Name = name,
        Group = Group,
        Summary = summary,
        Examples = examples,
        Takes = Takes.All,
        GivesList = true,
        Bind = _ => (input, _, scratch) => body(input, scratch),
    };

    private static Value At(ReadOnlySpan<Value> items, int index) => index >= 0 && index < items.Length ? items[index] : Value.Absent;

    private static Value Finish(ValueBuilder items, Scratch scratch)
    {
        var list = items.ToList(scratch);
        items.Dispose();
        return list;
    }

    private static Value Where(Value input, Func<Value, bool> keep, Scratch scratch)
    {
        var kept = 0;
        while (kept < input.Items.Length && keep(input.Items[kept]))
            kept++;
        if (kept == input.Items.Length)
            return input;
        var items = new ValueBuilder(input.Items.Length);
        foreach (var item in input.Items)
        {
            if (keep(item))
                items.Add(item);
        }

        return Finish(items, scratch);
    }

    private static Value Distinct(Value input, Scratch scratch)
    {
        if (input.Items.Length < 2)
            return input;

        // Short lists, which are nearly all, compare each with each and allocate nothing.
        var seen = input.Items.Length > 32 ? new HashSet<Value>(ValueComparison.Instance) : null;
        var items = new ValueBuilder(input.Items.Length);
        foreach (var item in input.Items)
        {
            if (seen?.Add(item) ?? !Contains(items.Items, item))
                items.Add(item);
        }

        return Finish(items, scratch);
    }

    private static bool Contains(ReadOnlySpan<Value> items, Value wanted)
    {
        foreach (var item in items)
        {
            if (ValueComparison.Instance.Equals(item, wanted))
                return true;
        }

        return false;
    }

    private static Value Flatten(Value input, Scratch scratch)
    {
        var items = new ValueBuilder(input.Items.Length);
        foreach (var item in input.Items)
        {
            if (item.Kind != ValueKind.List)
            {
                items.Add(item);
                continue;
            }

            foreach (var inner in item.Items)
                items.Add(inner);
        }

        return Finish(items, scratch);
    }

    private static Value Sort(Value input, Scratch scratch)
    {
        var items = new ValueBuilder(input.Items.Length);
        foreach (var item in input.Items)
        {
            if (!item.IsNothing)
                items.Add(item);
        }

        if (!ValueComparison.IsOrdered(items.Items))
        {
            items.Dispose();
            return NotOrdered;
        }

        var times = ValueComparison.AreTimes(items.Items);
        items.Items.Sort((x, y) => ValueComparison.Order(x, y, times));
        return Finish(items, scratch);
    }

    private static Value Sum(ReadOnlySpan<Value> items, Scratch scratch)
    {
        var sum = 0m;
        var any = false;
        foreach (var item in items)
        {
            if (item.IsNothing)
                continue;
            if (!NumberText.TryOperand(item, scratch, out var number, out var fault))
                return fault;
            try
            {
                sum += number;
            }
            catch (OverflowException)
            {
                return NumberText.OutOfRange;
            }

            any = true;
        }

        return any ? NumberText.Write(sum, scratch) : Value.Absent;
    }

    private static Value Extreme(ReadOnlySpan<Value> items, int sign)
    {
        var given = new ValueBuilder(items.Length);
        foreach (var item in items)
        {
            if (!item.IsNothing)
                given.Add(item);
        }

        var best = Value.Absent;
        if (!ValueComparison.IsOrdered(given.Items))
        {
            best = NotOrdered;
        }
        else
        {
            var times = ValueComparison.AreTimes(given.Items);
            foreach (var item in given.Items)
            {
                if (best.Kind == ValueKind.Absent || ValueComparison.Order(item, best, times) * sign > 0)
                    best = item;
            }
        }

        given.Dispose();
        return best;
    }

    private static Value Join(ReadOnlySpan<Value> items, ReadOnlySpan<byte> separator, Scratch scratch)
    {
        var (length, count) = (0L, 0);
        foreach (var item in items)
        {
            if (item.IsNothing)
                continue;
            if (!Utf8Text.TryGetScalar(item, out var text))
                return Value.Fault("an element is an array or an object and has no text");
            length += text.Length;
            count++;
        }

        if (count == 0)
            return Value.Absent;
        var target = scratch.Reserve(checked((int)(length + ((long)(count - 1) * separator.Length))));
        var written = 0;
        var later = false;
        foreach (var item in items)
        {
            if (!Utf8Text.TryGetScalar(item, out var text))
                continue;
            if (later)
            {
                separator.CopyTo(target[written..]);
                written += separator.Length;
            }

            text.CopyTo(target[written..]);
            written += text.Length;
            later = true;
        }

        return scratch.Commit(written);
    }
}
