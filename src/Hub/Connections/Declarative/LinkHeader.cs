using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace IntegrationHub.Connections.Declarative;

/// <summary>The Link header of RFC 8288, as far as pages need it.</summary>
internal static partial class LinkHeader
{
    /// <summary>The address with relation <c>next</c>, or <c>null</c>.</summary>
    public static string? Next(HttpResponseHeaders headers)
    {
        if (!headers.TryGetValues("Link", out var values))
            return null;
        foreach (var link in values.SelectMany(v => Links().Matches(v)))
            if (Relation().Match(link.Groups["parameters"].Value) is { Success: true } relation && relation.Groups["rel"].Value.Split(' ').Contains("next", StringComparer.OrdinalIgnoreCase))
                return link.Groups["address"].Value;
        return null;
    }

    [GeneratedRegex("<(?<address>[^>]*)>(?<parameters>(?:\\s*;\\s*[\\w*-]+\\s*=\\s*(?:\"[^\"]*\"|[^\\s,;]+))*)", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Links();

    [GeneratedRegex(";\\s*rel\\s*=\\s*\"?(?<rel>[^\";]+)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Relation();
}
