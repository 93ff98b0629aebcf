namespace IntegrationHub.Mapping.JsonPath;

/// <summary>The five functions of RFC 9535 and what they take; two of them give a logical result, three a value.</summary>
internal static class Functions
{
    private static readonly Dictionary<string, int> Arguments = new(StringComparer.Ordinal)
    {
        ["length"] = 1,
        ["count"] = 1,
        ["value"] = 1,
        ["match"] = 2,
        ["search"] = 2,
    };

    public static string Names => "count, length, match, search, value";

    public static bool Known(string name) => Arguments.ContainsKey(name);

    public static int ArgumentCount(string name) => Arguments[name];

    /// <summary>NodesType instead of ExpressionType.</summary>
    public static bool TakesNodes(string name) => name is "count" or "value";
}
