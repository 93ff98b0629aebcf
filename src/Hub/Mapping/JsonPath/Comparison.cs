using IntegrationHub.Json;

namespace IntegrationHub.Mapping.JsonPath;

/// <summary>The comparisons of RFC 9535, 2.3.5.2.2. Numbers compare by their exact value, strings by Unicode code points.</summary>
internal static class Comparison
{
    public static bool AreEqual(Evaluation run, in PathValue a, in PathValue b)
    {
        if (a.IsNothing || b.IsNothing) return a.IsNothing && b.IsNothing;
        if (a.Kind != b.Kind) return false;
        return a.Kind switch
        {
            JsonKind.Number => JsonNumber.AreEqual(a.Raw(run.Tape), b.Raw(run.Tape)),
            JsonKind.String => Spent(run, a, b) && a.Text(run, 0).SequenceEqual(b.Text(run, 1)),
            JsonKind.Array or JsonKind.Object => AreEqualNodes(run, a.Node, b.Node),
            _ => true,
        };
    }

    /// <summary>False, rather than an error, for kinds that have no order.</summary>
    public static bool IsLess(Evaluation run, in PathValue a, in PathValue b)
    {
        if (a.IsNothing || b.IsNothing || a.Kind != b.Kind) return false;
        return a.Kind switch
        {
            JsonKind.Number => JsonNumber.Compare(a.Raw(run.Tape), b.Raw(run.Tape)) < 0,
            // The byte order of UTF-8 is the order of the code points; the order of UTF-16 is not.
            JsonKind.String => Spent(run, a, b) && a.Text(run, 0).SequenceCompareTo(b.Text(run, 1)) < 0,
            _ => false,
        };
    }

    private static bool Spent(Evaluation run, in PathValue a, in PathValue b) =>
        run.Spend((a.Raw(run.Tape).Length + b.Raw(run.Tape).Length) >> 6);

    private static bool AreEqualNodes(Evaluation run, int a, int b)
    {
        if (!run.Spend(1)) return false;
        if (a == b) return true;
        var kind = run.Tape[a].Kind;
        if (kind != run.Tape[b].Kind || run.Tape[a].Count != run.Tape[b].Count) return false;
        return kind switch
        {
            JsonKind.Array => AreEqualArrays(run, a, b),
            JsonKind.Object => AreEqualObjects(run, a, b),
            _ => AreEqual(run, PathValue.Of(run.Tape, a), PathValue.Of(run.Tape, b)),
        };
    }

    private static bool AreEqualArrays(Evaluation run, int a, int b)
    {
        var others = run.Tape.Children(b);
        foreach (var item in run.Tape.Children(a))
            if (!others.MoveNext() || !AreEqualNodes(run, item, others.Current))
                return false;

        return true;
    }

    /// <summary>Order does not count, but it mostly is the same: the member beside is tried before the object is searched.</summary>
    private static bool AreEqualObjects(Evaluation run, int a, int b)
    {
        var tape = run.Tape;
        var beside = tape.Children(b);
        var mine = tape.Children(a);
        while (mine.MoveNext() && beside.MoveNext())
        {
            var value = beside.Current;
            var text = run.Texts.Decoded(tape.Raw(mine.Name), tape[mine.Name].HasEscapes, 0);
            if (!tape.TextEquals(beside.Name, text))
            {
                if (!run.Spend(1 + (tape[b].Count >> 3))) return false;
                value = tape.Find(b, text);
            }

            if (value < 0 || !AreEqualNodes(run, mine.Current, value)) return false;
        }

        return true;
    }
}
