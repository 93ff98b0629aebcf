using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace IntegrationHub.Mapping.Functions;

/// <summary>Functions of text. Positions and lengths count code points, so no character is ever cut.</summary>
internal static class TextFunctions
{
    private const string Group = "text";
    private const int MaxWidth = 1_000_000;

    public static IReadOnlyList<FunctionSpec> All { get; } =
    [
        new()
        {
            Name = "trim",
            Group = Group,
            Summary = "Removes white space at both ends, ideographic spaces and invisible marks included.",
            Examples = ["\" 上海 \" | trim → \"上海\"", "\"　A-1　\" | trim → \"A-1\"", "\"   \" | trim → \"\""],
            Result = ExpressionType.Text,
            Bind = static _ => Trim,
        },
        new()
        {
            Name = "collapse",
            Group = Group,
            Summary = "Makes one space of every run of white space and removes it at both ends.",
            Examples = ["\" Acme \\n  Ltd \" | collapse → \"Acme Ltd\""],
            Result = ExpressionType.Text,
            Bind = static _ => Collapse,
        },
        new()
        {
            Name = "lower",
            Group = Group,
            Summary = "Lower case, by the rules of no particular language.",
            Examples = ["\"ACME Été\" | lower → \"acme été\""],
            Result = ExpressionType.Text,
            Bind = static _ => Lower,
        },
        new()
        {
            Name = "upper",
            Group = Group,
            Summary = "Upper case, by the rules of no particular language.",
            Examples = ["\"acme été\" | upper → \"ACME ÉTÉ\""],
            Result = ExpressionType.Text,
            Bind = static _ => Upper,
        },
        new()
        {
            Name = "normalizeWidth",
            Group = Group,
            Summary = "Makes half-width characters of full-width letters, digits, punctuation and spaces.",
            Examples = ["\"ＡＢ－１２３（甲）\" | normalizeWidth → \"AB-123(甲)\""],
            Result = ExpressionType.Text,
            Bind = static _ => NormalizeWidth,
        },
        new()
        {
            Name = "substring",
            Group = Group,
            Summary = "A part of the text, counted in code points; as much as there is.",
            Examples = ["\"上海市浦东新区\" | substring(3, 2) → \"浦东\"", "\"20240305\" | substring(-2) → \"05\"", "\"ab\" | substring(5) → \"\""],
            Result = ExpressionType.Text,
            Parameters =
            [
                new("start", "First code point, from 0; negative counts from the end."),
                new("length", "How many; all the rest when left out.", Optional: true),
            ],
            Bind = BindSubstring,
        },
        new()
        {
            Name = "truncate",
            Group = Group,
            Summary = "At most so many code points from the beginning.",
            Examples = ["\"一二三四\" | truncate(3) → \"一二三\"", "\"ab\" | truncate(3) → \"ab\""],
            Result = ExpressionType.Text,
            Parameters = [new("length", "The most code points to keep.")],
            Bind = static arguments =>
            {
                var length = arguments.Integer(0, "a length", 0, int.MaxValue);
                return (input, _, _) => Utf8Text.TryGet(input, out var text)
                    ? input.AsText().Slice(0, Utf8Text.Position(text, length))
                    : Utf8Text.NotText;
            },
        },
        new()
        {
            Name = "padLeft",
            Group = Group,
            Summary = "Fills up at the left to a width in code points.",
            Examples = ["42 | padLeft(6) → \"000042\"", "\"x\" | padLeft(3, '.') → \"..x\""],
            Result = ExpressionType.Text,
            Parameters =
            [
                new("width", "The least number of code points."),
                new("fill", "One character to fill with, '0' when left out.", Optional: true),
            ],
            Bind = BindPadLeft,
        },
        new()
        {
            Name = "replace",
            Group = Group,
            Summary = "Replaces every occurrence of a text.",
            Examples = ["\"a-b-c\" | replace('-', '') → \"abc\""],
            Result = ExpressionType.Text,
            Parameters = [new("from", "What to look for, exactly."), new("to", "What to put there; may be empty.")],
            Bind = BindReplace,
        },
        new()
        {
            Name = "matches",
            Group = Group,
            Summary = "Whether the pattern is found in the text.",
            Examples = ["\"SO-1001\" | matches('^SO-[0-9]+$') → true", "\"PO-7\" | matches('^SO-') → false"],
            Result = ExpressionType.Boolean,
            Parameters = [PatternParameter],
            Bind = static arguments =>
            {
                var pattern = Pattern(arguments);
                return (input, _, _) => Utf8Text.TryGet(input, out var text)
                    ? Value.Boolean(pattern.IsMatch(Encoding.UTF8.GetString(text)))
                    : Utf8Text.NotText;
            },
        },
        new()
        {
            Name = "extract",
            Group = Group,
            Summary = "The first match of a pattern: its first group, or all of it when there is none. No match gives absent; add required to insist.",
            Examples = ["\"order SO-1001, urgent\" | extract('SO-([0-9]+)') → \"1001\"", "\"none\" | extract('[0-9]+') → absent"],
            Result = ExpressionType.Text,
            Parameters = [PatternParameter],
            Bind = static arguments =>
            {
                var pattern = Pattern(arguments);
                return (input, _, scratch) => Extract(input, pattern, scratch);
            },
        },
        new()
        {
            Name = "replaceMatch",
            Group = Group,
            Summary = "Replaces every match of a pattern.",
            Examples = ["\"tel 12 34\" | replaceMatch('[^0-9]', '') → \"1234\"", "\"Doe, Jane\" | replaceMatch('(\\w+), (\\w+)', '$2 $1') → \"Jane Doe\""],
            Result = ExpressionType.Text,
            Parameters = [PatternParameter, new("to", "The replacement; $1 stands for the first group.")],
            Bind = static arguments =>
            {
                var pattern = Pattern(arguments);
                var replacement = arguments.Text(1, "a replacement such as '$1'");
                return (input, _, scratch) => Utf8Text.TryGet(input, out var text)
                    ? scratch.Text(pattern.Replace(Encoding.UTF8.GetString(text), replacement))
                    : Utf8Text.NotText;
            },
        },
        new()
        {
            Name = "split",
            Group = Group,
            Summary = "Cuts the text at separators. Pieces are kept as they are: add trim and compact for untidy lists.",
            Examples = ["\"a;b;;c\" | split(';') → [\"a\", \"b\", \"\", \"c\"]", "\"红、蓝,绿\" | split('、', ',') → [\"红\", \"蓝\", \"绿\"]"],
            Result = ExpressionType.Text,
            GivesList = true,
            Parameters = [new("separator", "A text such as ';'; with several, any of them cuts.", Repeated: true)],
            Bind = BindSplit,
        },
        new()
        {
            Name = "concat",
            Group = Group,
            Summary = "Puts the input and the arguments one after another. Absent and null parts are left out; absent when all are.",
            Examples = ["\"上海\" | concat('市', '浦东') → \"上海市浦东\"", "absent | concat(null, 'x') → \"x\"", "absent | concat(null) → absent"],
            Takes = Takes.Anything,
            Result = ExpressionType.Text,
            Parameters = [new("part", "A text or an expression such as $.city.", Repeated: true)],
            Bind = static _ => Concat,
        },
        new()
        {
            Name = "append",
            Group = Group,
            Summary = "Puts a text behind each value. Absent and null stay what they are.",
            Examples = ["12 | append(' kg') → \"12 kg\"", "null | append(' kg') → null"],
            Result = ExpressionType.Text,
            Parameters = [new("text", "What follows; nothing is added when it is absent or null.")],
            Bind = static _ => static (input, arguments, scratch) => Join(input, arguments[0], scratch),
        },
        new()
        {
            Name = "prepend",
            Group = Group,
            Summary = "Puts a text before each value. Absent and null stay what they are.",
            Examples = ["\"1001\" | prepend('SO-') → \"SO-1001\"", "[\"a\", \"b\"] | prepend('x:') → [\"x:a\", \"x:b\"]"],
            Result = ExpressionType.Text,
            Parameters = [new("text", "What goes before; nothing is added when it is absent or null.")],
            Bind = static _ => static (input, arguments, scratch) => Join(arguments[0], input, scratch),
        },
        new()
        {
            Name = "toText",
            Group = Group,
            Summary = "Numbers, true and false as text, digit for digit as the source wrote them.",
            Examples = ["9007199254740993 | toText → \"9007199254740993\"", "1.50 | toText → \"1.50\"", "true | toText → \"true\""],
            Result = ExpressionType.Text,
            Bind = static _ => static (input, _, scratch) => Utf8Text.TryGet(input, out var _)
                ? input.AsText()
                : Utf8Text.TryGetScalar(input, out var text) ? scratch.Text(text) : Value.Fault("an array or object has no text"),
        },
        new()
        {
            Name = "stripTags",
            Group = Group,
            Summary = "The readable text of HTML: tags, comments, scripts and styles removed, character references decoded, blocks on lines of their own.",
            Examples = ["\"<p>Fish &amp; chips</p><p>2 &lt; 3</p>\" | stripTags → \"Fish & chips\\n2 < 3\"", "\"a<script>x()</script>b<br>c\" | stripTags → \"ab\\nc\""],
            Result = ExpressionType.Text,
            Bind = static _ => static (input, _, scratch) => Utf8Text.TryGet(input, out var text)
                ? text.IndexOfAny((byte)'<', (byte)'&') < 0 ? Trim(input, [], scratch) : scratch.Text(HtmlText.Read(Encoding.UTF8.GetString(text)))
                : Utf8Text.NotText,
        },
    ];

    private static Parameter PatternParameter => new(
        "pattern",
        "A .NET regular expression such as '^[A-Z]{2}'. It runs without back-tracking: no look-around and no back-references.");

    private static Regex Pattern(IReadOnlyList<Argument> arguments)
    {
        var pattern = arguments.Text(0, "a regular expression such as '[0-9]+'");
        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (NotSupportedException)
        {
            throw new ArgumentFaultException(0, $"expected a regular expression without look-around and back-references and of moderate size, found '{pattern}'");
        }
        catch (ArgumentException fault)
        {
            throw new ArgumentFaultException(0, $"expected a regular expression, found '{pattern}': {fault.Message}");
        }
    }

    private static Value Trim(Value input, ReadOnlySpan<Value> arguments, Scratch scratch)
    {
        if (!Utf8Text.TryGet(input, out var text))
            return Utf8Text.NotText;
        var (start, length) = Utf8Text.Trim(text);
        return input.AsText().Slice(start, length);
    }

    private static Value Collapse(Value input, ReadOnlySpan<Value> arguments, Scratch scratch)
    {
        if (!Utf8Text.TryGet(input, out var text))
            return Utf8Text.NotText;
        text = Utf8Text.Trimmed(text);
        var target = scratch.Reserve(text.Length);
        var written = 0;
        var blank = false;
        while (!text.IsEmpty)
        {
            Rune.DecodeFromUtf8(text, out var rune, out var size);
            if (Utf8Text.IsBlank(rune))
            {
                // Only real white space separates words; a zero-width mark between letters disappears.
                blank |= Rune.IsWhiteSpace(rune);
            }
            else
            {
                if (blank)
                    target[written++] = (byte)' ';
                blank = false;
                text[..size].CopyTo(target[written..]);
                written += size;
            }

            text = text[size..];
        }

        return scratch.Commit(written);
    }

    private static Value Lower(Value input, ReadOnlySpan<Value> arguments, Scratch scratch)
    {
        if (!Utf8Text.TryGet(input, out var text))
            return Utf8Text.NotText;
        if (!Ascii.IsValid(text))
            return scratch.Text(Encoding.UTF8.GetString(text).ToLowerInvariant());
        if (text.IndexOfAnyInRange((byte)'A', (byte)'Z') < 0)
            return input.AsText();
        Ascii.ToLower(text, scratch.Reserve(text.Length), out var written);
        return scratch.Commit(written);
    }

    private static Value Upper(Value input, ReadOnlySpan<Value> arguments, Scratch scratch)
    {
        if (!Utf8Text.TryGet(input, out var text))
            return Utf8Text.NotText;
        if (!Ascii.IsValid(text))
            return scratch.Text(Encoding.UTF8.GetString(text).ToUpperInvariant());
        if (text.IndexOfAnyInRange((byte)'a', (byte)'z') < 0)
            return input.AsText();
        Ascii.ToUpper(text, scratch.Reserve(text.Length), out var written);
        return scratch.Commit(written);
    }

    private static Value NormalizeWidth(Value input, ReadOnlySpan<Value> arguments, Scratch scratch)
    {
        if (!Utf8Text.TryGet(input, out var text))
            return Utf8Text.NotText;
        if (!Utf8Text.MayBeWide(text))
            return input.AsText();
        return scratch.Commit(Utf8Text.NormalizeWidth(text, scratch.Reserve(text.Length)));
    }

    private static FunctionBody BindSubstring(IReadOnlyList<Argument> arguments)
    {
        var start = arguments.Integer(0, "a start", -MaxWidth, int.MaxValue);
        var length = arguments.Count > 1 ? arguments.Integer(1, "a length", 0, int.MaxValue) : int.MaxValue;
        return (input, _, _) =>
        {
            if (!Utf8Text.TryGet(input, out var text))
                return Utf8Text.NotText;
            var first = start >= 0 ? start : Math.Max(0, Utf8Text.CodePoints(text) + start);
            var from = Utf8Text.Position(text, first);
            return input.AsText().Slice(from, Utf8Text.Position(text[from..], length));
        };
    }

    private static FunctionBody BindPadLeft(IReadOnlyList<Argument> arguments)
    {
        var width = arguments.Integer(0, "a width", 1, 10_000);
        var fill = Encoding.UTF8.GetBytes(arguments.OptionalText(1, "one character such as '0'") ?? "0");
        if (Utf8Text.CodePoints(fill) != 1)
            throw new ArgumentFaultException(1, $"expected one character such as '0', found {Arguments.Found(arguments[1])}");
        return (input, _, scratch) =>
        {
            if (!Utf8Text.TryGet(input, out var text))
                return Utf8Text.NotText;
            var missing = width - Utf8Text.CodePoints(text);
            if (missing <= 0)
                return input.AsText();
            var target = scratch.Reserve((missing * fill.Length) + text.Length);
            for (var i = 0; i < missing; i++)
                fill.CopyTo(target[(i * fill.Length)..]);
            text.CopyTo(target[(missing * fill.Length)..]);
            return scratch.Commit(target.Length);
        };
    }

    private static FunctionBody BindReplace(IReadOnlyList<Argument> arguments)
    {
        var from = Encoding.UTF8.GetBytes(arguments.Text(0, "a text to look for such as '-'"));
        var to = Encoding.UTF8.GetBytes(arguments.Text(1, "a replacement such as ''"));
        if (from.Length == 0)
            throw new ArgumentFaultException(0, "expected a text to look for, found ''");
        return (input, _, scratch) =>
        {
            if (!Utf8Text.TryGet(input, out var text))
                return Utf8Text.NotText;
            var count = text.Count(from);
            if (count == 0)
                return input.AsText();
            var target = scratch.Reserve(checked(text.Length + (count * (to.Length - from.Length))));
            var written = 0;
            for (int at; (at = text.IndexOf(from)) >= 0; text = text[(at + from.Length)..])
            {
                text[..at].CopyTo(target[written..]);
                to.CopyTo(target[(written + at)..]);
                written += at + to.Length;
            }

            text.CopyTo(target[written..]);
            return scratch.Commit(target.Length);
        };
    }

    private static Value Extract(Value input, Regex pattern, Scratch scratch)
    {
        if (!Utf8Text.TryGet(input, out var utf8))
            return Utf8Text.NotText;
        var text = Encoding.UTF8.GetString(utf8);
        var match = pattern.Match(text);
        if (!match.Success)
            return Value.Absent;
        var group = match.Groups.Count > 1 ? match.Groups[1] : match;
        if (!group.Success)
            return Value.Absent;

        // Patterns count UTF-16 units: a match that cuts a character in two is widened to all of it.
        var (start, end) = (group.Index, group.Index + group.Length);
        if (start > 0 && start < text.Length && char.IsLowSurrogate(text[start]))
            start--;
        if (end > start && end < text.Length && char.IsLowSurrogate(text[end]))
            end++;
        return scratch.Text(text.AsSpan(start, end - start));
    }

    private static FunctionBody BindSplit(IReadOnlyList<Argument> arguments)
    {
        var separators = new byte[Math.Max(1, arguments.Count)][];
        for (var i = 0; i < separators.Length; i++)
        {
            separators[i] = Encoding.UTF8.GetBytes(arguments.Text(i, "a separator such as ';'"));
            if (separators[i].Length == 0)
                throw new ArgumentFaultException(i, "expected a separator such as ';', found ''");
        }

        var firsts = SearchValues.Create([.. separators.Select(separator => separator[0])]);
        return (input, _, scratch) =>
        {
            if (!Utf8Text.TryGet(input, out var text))
                return Utf8Text.NotText;
            var pieces = new ValueBuilder(16);
            var start = 0;
            for (var at = 0; at < text.Length;)
            {
                var next = text[at..].IndexOfAny(firsts);
                if (next < 0)
                    break;
                at += next;
                var cut = 0;
                foreach (var separator in separators)
                {
                    if (separator.Length > cut && text[at..].StartsWith(separator))
                        cut = separator.Length;
                }

                if (cut == 0)
                {
                    at++;
                    continue;
                }

                pieces.Add(input.AsText().Slice(start, at - start));
                start = at += cut;
            }

            pieces.Add(input.AsText().Slice(start, text.Length - start));
            var list = pieces.ToList(scratch);
            pieces.Dispose();
            return list;
        };
    }

    private static Value Concat(Value input, ReadOnlySpan<Value> arguments, Scratch scratch)
    {
        var length = 0L;
        var parts = 0;
        for (var i = -1; i < arguments.Length; i++)
        {
            var part = i < 0 ? input : arguments[i];
            if (part.IsNothing)
                continue;
            if (!Utf8Text.TryGetScalar(part, out var text))
                return part.Kind == ValueKind.Fault ? part : Value.Fault("a part is a list or an object; join makes one text of a list");
            length += text.Length;
            parts++;
        }

        if (parts == 0)
            return Value.Absent;
        var target = scratch.Reserve(checked((int)length));
        var written = 0;
        for (var i = -1; i < arguments.Length; i++)
        {
            if (!Utf8Text.TryGetScalar(i < 0 ? input : arguments[i], out var text))
                continue;
            text.CopyTo(target[written..]);
            written += text.Length;
        }

        return scratch.Commit(written);
    }

    private static Value Join(Value left, Value right, Scratch scratch) => Concat(left, [right], scratch);
}
