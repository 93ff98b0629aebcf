using IntegrationHub.Json;
using IntegrationHub.Model;

namespace IntegrationHub.Mapping;

/// <summary>Writes a value as JSON under the type its field has in the model; what does not fit is refused with a reason.</summary>
internal static class FieldWriter
{
    /// <summary>The members of money.</summary>
    public static readonly FieldType[] MoneyFields =
    [
        new() { Name = "amount", Kind = FieldKind.Number },
        new() { Name = "currency", Kind = FieldKind.Text },
    ];

    /// <summary>Names the function that turns something else into this kind.</summary>
    public static string ConversionHint(FieldKind kind) => kind switch
    {
        FieldKind.Text => "; add '| toText'",
        FieldKind.Number => "; add '| number'",
        FieldKind.Integer => "; add '| integer'",
        FieldKind.Boolean => "; add '| boolean'",
        FieldKind.Time => "; add '| time' or '| epoch'",
        FieldKind.Date => "; add '| date'",
        FieldKind.Money => "; build it with { amount: ..., currency: ... } or '| money(...)'",
        FieldKind.Object => "; build it with a map of its fields",
        _ => "",
    };

    /// <summary>Whether a constant fits, or the reason why not.</summary>
    public static string? Check(Value constant, FieldType field)
    {
        var run = new MappingRun(MappingLimits.Default);
        return Write(run, constant, field, new());
    }

    /// <summary>Writes the value (of a <c>many</c> field: the list). Returns the reason when it does not fit; the output is then undefined behind where it was.</summary>
    public static string? Write(MappingRun run, Value value, FieldType field, Utf8Output output)
    {
        if (value.Kind == ValueKind.Null)
        {
            output.Write("null"u8);
            return null;
        }

        if (!field.Many)
            return WriteOne(run, value, field, output);

        output.WriteByte((byte)'[');
        var first = true;
        foreach (var element in run.Elements(value))
        {
            if (element.IsNothing)
                continue;
            if (!first)
                output.WriteByte((byte)',');
            first = false;
            if (WriteOne(run, element, field, output) is { } reason)
                return reason;
        }

        output.WriteByte((byte)']');
        return null;
    }

    private static string? WriteOne(MappingRun run, Value value, FieldType field, Utf8Output output)
    {
        switch (field.Kind)
        {
            case FieldKind.Text when value.Kind == ValueKind.Text:
                if (!field.Allows(value.Bytes))
                    return $"not one of the allowed values of '{field.Name}': {string.Join(", ", field.Values)}";
                WriteText(value, output);
                return null;
            case FieldKind.Number when value.Kind == ValueKind.Number:
                output.Write(value.Bytes);
                return null;
            case FieldKind.Integer when value.Kind == ValueKind.Number:
                if (value.Bytes.IndexOfAny("."u8[0], "e"u8[0], "E"u8[0]) >= 0)
                    return "expected a whole number, found a fraction or exponent";
                output.Write(value.Bytes);
                return null;
            case FieldKind.Boolean when value.Kind is ValueKind.True or ValueKind.False:
                output.Write(value.Kind == ValueKind.True ? "true"u8 : "false"u8);
                return null;
            case FieldKind.Time when value.Kind == ValueKind.Text:
                if (!Rfc3339.IsTime(value.Bytes))
                    return "expected a time such as 2026-01-31T08:00:00+08:00 (RFC 3339 with offset)" + ConversionHint(field.Kind);
                WriteText(value, output);
                return null;
            case FieldKind.Date when value.Kind == ValueKind.Text:
                if (!Rfc3339.IsDate(value.Bytes))
                    return "expected a date such as 2026-01-31" + ConversionHint(field.Kind);
                WriteText(value, output);
                return null;
            case FieldKind.Money:
                return WriteMembers(run, value, field, MoneyFields, needAll: true, output);
            case FieldKind.Object:
                return WriteMembers(run, value, field, field.Fields, needAll: false, output);
            case FieldKind.Json:
                WriteAny(run, value, output);
                return null;
            default:
                return $"expected {field.Kind.ToString().ToLowerInvariant()}, found {run.KindName(value)}{ConversionHint(field.Kind)}";
        }
    }

    private static void WriteText(in Value text, Utf8Output output)
    {
        if (text.IsPlain)
            JsonString.WritePlain(text.Bytes, output);
        else
            JsonString.WriteQuoted(text.Bytes, output);
    }

    private static string? WriteMembers(MappingRun run, Value value, FieldType field, IReadOnlyList<FieldType> members, bool needAll, Utf8Output output)
    {
        if (value.Kind != ValueKind.Object)
            return $"expected {field.Kind.ToString().ToLowerInvariant()}, found {run.KindName(value)}{ConversionHint(field.Kind)}";
        output.WriteByte((byte)'{');
        var first = true;
        // By index: an enumerator of the interface would be made anew for every object.
        for (var i = 0; i < members.Count; i++)
        {
            var member = members[i];
            var found = Member(value, member);
            if (found.IsNothing)
            {
                if (needAll)
                    return $"'{member.Name}' is missing";
                continue;
            }

            if (!first)
                output.WriteByte((byte)',');
            first = false;
            output.Write(member.JsonName);
            if (Write(run, found, member, output) is { } reason)
                return $"{member.Name}: {reason}";
        }

        output.WriteByte((byte)'}');
        return null;
    }

    private static Value Member(Value built, FieldType member)
    {
        var items = built.Items;
        for (var i = 0; i < items.Length; i += 2)
            if (member.JsonName.AsSpan(1, member.JsonName.Length - 3).SequenceEqual(items[i].Bytes))
                return items[i + 1];
        return Value.Absent;
    }

    private static void WriteAny(MappingRun run, Value value, Utf8Output output)
    {
        switch (value.Kind)
        {
            case ValueKind.Text:
                WriteText(value, output);
                break;
            case ValueKind.Number:
                output.Write(value.Bytes);
                break;
            case ValueKind.True or ValueKind.False:
                output.Write(value.Kind == ValueKind.True ? "true"u8 : "false"u8);
                break;
            case ValueKind.Node:
                run.Tape.WriteTo(value.NodeIndex, output);
                break;
            case ValueKind.List or ValueKind.Object:
                WriteBuilt(run, value, output);
                break;
            default:
                output.Write("null"u8);
                break;
        }
    }

    private static void WriteBuilt(MappingRun run, Value value, Utf8Output output)
    {
        var isObject = value.Kind == ValueKind.Object;
        output.WriteByte((byte)(isObject ? '{' : '['));
        var items = value.Items;
        for (var i = 0; i < items.Length; i++)
        {
            if (i > 0)
                output.WriteByte((byte)(isObject && i % 2 == 1 ? ':' : ','));
            WriteAny(run, items[i], output);
        }

        output.WriteByte((byte)(isObject ? '}' : ']'));
    }
}
