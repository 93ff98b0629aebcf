using System.Globalization;
using System.Text.Json;

namespace IntegrationHub.Connectors.Ocds.Reading;

/// <summary>What a package says about all its releases.</summary>
internal sealed record PackageHeader
{
    public static PackageHeader None { get; } = new();

    public string? Uri { get; private init; }

    public string? PublishedDate { get; private init; }

    public string? Publisher { get; private init; }

    public string? License { get; private init; }

    /// <summary>The OCDS version; a package that says none follows 1.0 by the standard's rule.</summary>
    public string? Version { get; private init; }

    /// <summary><c>links.next</c> or <c>next_page.uri</c>: the next page.</summary>
    public string? Next { get; private init; }

    /// <summary>
    /// <see cref="PublishedDate"/> in a form that compares as text whatever its offset was; empty when absent or not a date, so that such
    /// a package always replaces.
    /// </summary>
    public string SortableDate => Dates.TryParse(PublishedDate, out var date)
        ? date.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture)
        : "";

    /// <summary>Reads the members a header can have; anything of another type than expected counts as absent.</summary>
    public static PackageHeader From(Func<string, JsonElement?> member) => new()
    {
        Uri = Text(member("uri")),
        PublishedDate = Text(member("publishedDate")),
        Publisher = Text(Child(member("publisher"), "name")),
        License = Text(member("license")),
        Version = Text(member("version")),
        Next = Text(Child(member("links"), "next")) ?? Text(Child(member("next_page"), "uri")),
    };

    private static JsonElement? Child(JsonElement? parent, string name) =>
        parent is { ValueKind: JsonValueKind.Object } element && element.TryGetProperty(name, out var child) ? child : null;

    private static string? Text(JsonElement? element) =>
        element is { ValueKind: JsonValueKind.String } text && text.GetString() is { Length: > 0 } value ? value : null;
}
