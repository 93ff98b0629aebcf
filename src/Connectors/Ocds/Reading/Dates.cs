using System.Globalization;

namespace IntegrationHub.Connectors.Ocds.Reading;

/// <summary>Dates as publishers write them: RFC 3339, also without time or without offset (then UTC).</summary>
internal static class Dates
{
    public static bool TryParse(string? text, out DateTimeOffset date)
    {
        date = default;
        // The year must come first: the platform would also take 01/02/2020 and guess.
        return text is { Length: >= 10 } && text[4] == '-' && text[7] == '-'
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out date);
    }
}
