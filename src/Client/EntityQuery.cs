using System.Globalization;
using System.Text;

namespace IntegrationHub.Client;

/// <summary>How a field is compared.</summary>
public enum Comparison
{
    /// <summary>Has this value.</summary>
    Equal,

    /// <summary>Has another value, or none.</summary>
    NotEqual,

    /// <summary>Comes before.</summary>
    Less,

    /// <summary>Comes before, or is this.</summary>
    LessOrEqual,

    /// <summary>Comes after.</summary>
    Greater,

    /// <summary>Comes after, or is this.</summary>
    GreaterOrEqual,

    /// <summary>Begins with this text.</summary>
    Prefix,
}

/// <summary>Which entities, in which order, how much of each. Immutable: what narrows it gives a new one.</summary>
public sealed record EntityQuery
{
    private IReadOnlyList<(string Name, string Value)> Filters { get; init; } = [];

    /// <summary>Words to find, or <c>null</c>.</summary>
    public string? Search { get; init; }

    /// <summary>An indexed field; with <c>-</c> before it the greatest come first. <c>null</c> for the order of ids.</summary>
    public string? Sort { get; init; }

    /// <summary>Fields and links to tell, besides id and type; all when empty.</summary>
    public IReadOnlyList<string> Fields { get; init; } = [];

    /// <summary>Entities in one request, or <c>null</c> for what the hub thinks right.</summary>
    public int? PageSize { get; init; }

    /// <summary>Only entities whose field, or link, has a value.</summary>
    public EntityQuery Where(string field, object value) => Where(field, Comparison.Equal, value);

    /// <summary>Only entities whose field compares so.</summary>
    /// <param name="field">An indexed field.</param>
    /// <param name="comparison">How.</param>
    /// <param name="value">A text, number, time or truth value.</param>
    public EntityQuery Where(string field, Comparison comparison, object value)
    {
        ArgumentException.ThrowIfNullOrEmpty(field);
        ArgumentNullException.ThrowIfNull(value);
        var operation = comparison switch
        {
            Comparison.Equal => "",
            Comparison.NotEqual => "[ne]",
            Comparison.Less => "[lt]",
            Comparison.LessOrEqual => "[lte]",
            Comparison.Greater => "[gt]",
            Comparison.GreaterOrEqual => "[gte]",
            Comparison.Prefix => "[prefix]",
            _ => throw new ArgumentOutOfRangeException(nameof(comparison)),
        };
        return this with { Filters = [.. Filters, (field + operation, Text(value))] };
    }

    internal string Address(string plural)
    {
        var address = new StringBuilder("v1/").Append(Uri.EscapeDataString(plural));
        var separator = '?';
        foreach (var (name, value) in Filters)
            Add(name, value);
        Add("q", Search);
        Add("sort", Sort);
        Add("fields", Fields.Count > 0 ? string.Join(',', Fields) : null);
        Add("limit", PageSize?.ToString(CultureInfo.InvariantCulture));
        return address.ToString();

        void Add(string name, string? value)
        {
            if (value is null)
                return;
            address.Append(separator).Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }
    }

    private static string Text(object value) => value switch
    {
        string text => text,
        bool flag => flag ? "true" : "false",
        DateTimeOffset time => time.ToString("O", CultureInfo.InvariantCulture),
        DateTime time => new DateTimeOffset(time).ToString("O", CultureInfo.InvariantCulture),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => throw new ArgumentException($"a {value.GetType().Name} cannot be compared with", nameof(value)),
    };
}
