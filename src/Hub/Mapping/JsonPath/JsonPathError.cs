namespace IntegrationHub.Mapping.JsonPath;

/// <summary>Why a text is no query.</summary>
/// <param name="Column">Where, counted from 1 in the characters of the text that was given.</param>
/// <param name="Message">What was found there and what was expected.</param>
public sealed record JsonPathError(int Column, string Message)
{
    public override string ToString() => $"column {Column}: {Message}";
}
