namespace IntegrationHub.Mapping.JsonPath;

/// <summary>Where a query may start. Inside filters both are always allowed.</summary>
public enum JsonPathScope
{
    /// <summary>Only at the document: <c>$</c>.</summary>
    Root,

    /// <summary>At the document or at a node the caller has in hand: <c>$</c> or <c>@</c>.</summary>
    RootOrCurrent,
}
