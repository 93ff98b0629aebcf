namespace IntegrationHub.Mapping.Functions;

/// <summary>Equality and order of values, for lists and <c>nullIf</c>.</summary>
internal sealed class ValueComparison : IEqualityComparer<Value>
{
    public static ValueComparison Instance { get; } = new();

    /// <summary>
    /// Same kind and same content; numbers by their text, as ids are compared. Arrays and objects of the source are equal only to themselves.
    /// </summary>
    public bool Equals(Value x, Value y)
    {
        if (x.Kind != y.Kind)
            return false;
        switch (x.Kind)
        {
            case ValueKind.Text or ValueKind.Number:
                return x.Bytes.SequenceEqual(y.Bytes);
            case ValueKind.Node:
                return x.NodeIndex == y.NodeIndex;
            case ValueKind.List or ValueKind.Object:
                if (x.Items.Length != y.Items.Length)
                    return false;
                for (var i = 0; i < x.Items.Length; i++)
                {
                    if (!Equals(x.Items[i], y.Items[i]))
                        return false;
                }

                return true;
            default:
                return true;
        }
    }

    public int GetHashCode(Value value)
    {
        var hash = new HashCode();
        hash.Add(value.Kind);
        if (value.Kind is ValueKind.Text or ValueKind.Number)
        {
            hash.AddBytes(value.Bytes);
        }
        else if (value.Kind is ValueKind.List or ValueKind.Object)
        {
            foreach (var item in value.Items)
                hash.Add(GetHashCode(item));
        }
        else if (value.Kind == ValueKind.Node)
        {
            hash.Add(value.NodeIndex);
        }

        return hash.ToHashCode();
    }

    /// <summary>Whether the values can be put in order: all numbers, or all texts.</summary>
    public static bool IsOrdered(ReadOnlySpan<Value> values)
    {
        foreach (var value in values)
        {
            if (value.Kind != values[0].Kind || value.Kind is not (ValueKind.Number or ValueKind.Text)
                || (value.Kind == ValueKind.Number && !NumberText.TryDecimal(value.Bytes, out _)))
                return false;
        }

        return true;
    }

    /// <summary>
    /// Numbers by size; texts by code point, except that two full times are compared as points in time, whatever their offsets.
    /// </summary>
    /// <param name="x">One of an ordered list.</param>
    /// <param name="y">Another.</param>
    /// <param name="times">Whether all of the list are times with offset.</param>
    public static int Order(Value x, Value y, bool times)
    {
        if (x.Kind == ValueKind.Number)
        {
            NumberText.TryDecimal(x.Bytes, out var a);
            NumberText.TryDecimal(y.Bytes, out var b);
            return a.CompareTo(b);
        }

        if (times)
        {
            TimeText.TryRead(x.Bytes, out var a);
            TimeText.TryRead(y.Bytes, out var b);
            return a.UtcTicks.CompareTo(b.UtcTicks);
        }

        return x.Bytes.SequenceCompareTo(y.Bytes);
    }

    public static bool AreTimes(ReadOnlySpan<Value> values)
    {
        foreach (var value in values)
        {
            if (value.Kind != ValueKind.Text || !TimeText.TryRead(value.Bytes, out var parts) || !parts.HasOffset || parts.DateOnly)
                return false;
        }

        return values.Length > 0;
    }
}
