namespace IntegrationHub.Mapping.JsonPath;

/// <summary>Where found nodes go: into a list, or only counted, up to a number after which the search may stop.</summary>
internal struct Sink()
{
    public NodeList? List { get; init; }

    public int StopAfter { get; init; } = int.MaxValue;

    public int Count { get; private set; }

    public int Last { get; private set; } = -1;

    public bool Take(int node)
    {
        List?.Add(node);
        Count++;
        Last = node;
        return Count < StopAfter;
    }
}
