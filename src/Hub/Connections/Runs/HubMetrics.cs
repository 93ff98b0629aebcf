using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace IntegrationHub.Connections.Runs;

/// <summary>What the hub measures (OpenTelemetry). Names of connections and streams only, never values.</summary>
internal static class HubMetrics
{
    public const string Name = "IntegrationHub";

    public static readonly ActivitySource Traces = new(Name);

    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> Records = Meter.CreateCounter<long>("hub.records", "{record}", "Records by what became of them");
    private static readonly Counter<long> Changes = Meter.CreateCounter<long>("hub.changes", "{change}", "Entries appended to the change feed");

    public static void Committed(StreamContext stream, ReconciliationStatement batch)
    {
        Count(stream, "mapped", batch.Mapped);
        Count(stream, "unchanged", batch.Unchanged);
        Count(stream, "filtered", batch.Filtered);
        Count(stream, "rejected", batch.Rejected);
        Count(stream, "deleted", batch.Deleted);
        if (batch.Changes > 0)
            Changes.Add(batch.Changes, new KeyValuePair<string, object?>("connection", stream.Connection.Name));
    }

    private static void Count(StreamContext stream, string outcome, long count)
    {
        if (count > 0)
            Records.Add(count, new("connection", stream.Connection.Name), new("stream", stream.Manifest.Name), new("outcome", outcome));
    }
}
