using System.Text;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Runs;
using IntegrationHub.Documents;
using IntegrationHub.Json;
using IntegrationHub.Mapping;
using IntegrationHub.Model;
using IntegrationHub.Sdk;
using IntegrationHub.Storage;
using IntegrationHub.Yaml;

namespace IntegrationHub.Api;

/// <summary>The part of an assembled record that a value came with, such as one notice of a contracting process.</summary>
public sealed record OriginPart(string Id, long ObservedAt);

/// <summary>
/// Finds from which part of an assembled record a value came, by assembling and mapping its first parts again: the value came with the first
/// part from which on it is what it is now. Keeps what it has replayed, so that asking for many fields of one record costs little more than one.
/// </summary>
public sealed class FieldOrigin(Workspace workspace) : IAsyncDisposable
{
    /// <summary>Replays per question; a record of more parts than this is not traced.</summary>
    private const int MostParts = 250;

    private readonly Dictionary<long, Replay?> _replays = [];
    private readonly Dictionary<string, OpenConnection?> _connections = new(StringComparer.Ordinal);

    /// <summary>The part, or <c>null</c> when the record has no parts or cannot be replayed.</summary>
    public async ValueTask<OriginPart?> PartAsync(ContributionRow contribution, RecordRow? record, FieldType field, CancellationToken cancellationToken)
    {
        if (record is null || contribution.Mapping == 0)
            return null;
        if (!_replays.TryGetValue(record.Id, out var replay))
            _replays[record.Id] = replay = await BeginAsync(contribution, record, cancellationToken);
        return replay?.PartOf(contribution, field);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var open in _connections.Values)
            if (open is not null)
                await open.DisposeAsync();
    }

    private async ValueTask<Replay?> BeginAsync(ContributionRow contribution, RecordRow record, CancellationToken cancellationToken)
    {
        var bodies = await workspace.Store.Reader.PartsAsync(record.Id, cancellationToken);
        if (bodies.Count is 0 or > MostParts)
            return null;
        var (connectionName, stream, group) = RecordNames.Of(workspace.Store.Catalog, record);
        if (await OpenAsync(connectionName, cancellationToken) is not { Connection: IAssembleRecords assembler, Supervised.IsThirdParty: false } || await PlanAsync(contribution.Mapping, cancellationToken) is not { } plan)
            return null;
        var parts = new List<(OriginPart Part, KeptRecord Body)>();
        foreach (var body in bodies)
        {
            var row = await workspace.Store.Reader.RecordAsync(body.Id, cancellationToken);
            if (row is not null && row.State != RecordState.Deleted)
                parts.Add((new(body.SourceId, row.ObservedAt), new(body.SourceId, body.Body, body.Metadata)));
        }

        // The source's own order: by time, then by id.
        parts = [.. parts.OrderBy(p => p.Part.ObservedAt).ThenBy(p => p.Part.Id, StringComparer.Ordinal)];
        return new(workspace, stream, group, assembler, plan, parts);
    }

    private async ValueTask<OpenConnection?> OpenAsync(string name, CancellationToken cancellationToken)
    {
        if (_connections.TryGetValue(name, out var open))
            return open;
        try
        {
            open = workspace.Config.Connection(name) is { } config ? await workspace.OpenAsync(config, cancellationToken) : null;
        }
        catch (Exception e) when (e is ConnectorException or StoreException)
        {
            open = null;
        }

        return _connections[name] = open;
    }

    /// <summary>The version that mapped the contribution, which need not be the one in force.</summary>
    private async ValueTask<MappingPlan?> PlanAsync(int mapping, CancellationToken cancellationToken)
    {
        var name = workspace.Store.Catalog.Name(mapping);
        var at = name.LastIndexOf('@');
        var (source, hash) = (name[..at], name[(at + 1)..]);
        if (workspace.Plans.FirstOrDefault(p => p.Source == source && p.Hash == hash) is { } plan)
            return plan;
        try
        {
            return await Publications.PlanAsync(workspace.Store.Reader, source, hash, workspace.Model, workspace.Functions, cancellationToken);
        }
        catch (Exception e) when (e is StoreException or InvalidFileException)
        {
            return null;
        }
    }

    private sealed class Replay(Workspace workspace, string stream, string group, IAssembleRecords assembler, MappingPlan plan, List<(OriginPart Part, KeptRecord Body)> parts)
    {
        private readonly MappingOutcome?[] _outcomes = new MappingOutcome?[parts.Count + 1];
        private readonly RecordMapping _mapping = new(plan, workspace.Bindings, connection: null);

        public OriginPart? PartOf(ContributionRow contribution, FieldType field)
        {
            if (Value(contribution.Body, field) is not { } now)
                return null;
            var first = parts.Count + 1;
            while (first > 1 && ValueAfter(first - 1, contribution, field) is { } then && then.AsSpan().SequenceEqual(now))
                first--;
            return first > parts.Count ? null : parts[first - 1].Part;
        }

        private byte[]? ValueAfter(int count, ContributionRow contribution, FieldType field)
        {
            var outcome = _outcomes[count] ??= Map(count);
            return outcome.Contributions.FirstOrDefault(c => c.Binding.Number == contribution.Type && c.Key == contribution.Key) is { } same ? Value(same.Body, field) : null;
        }

        private MappingOutcome Map(int count)
        {
            try
            {
                // The assembler is promised its parts in order of id.
                var document = assembler.Assemble(stream, group, [.. parts.Take(count).Select(p => p.Body).OrderBy(b => b.Id, StringComparer.Ordinal)]);
                return _mapping.Map([document])[0];
            }
            catch (ConnectorException)
            {
                return new(null, [], []);
            }
        }

        private static byte[]? Value(byte[] body, FieldType field)
        {
            var tape = new JsonTape();
            if (!tape.Parse(body, new() { MaxDepth = JsonLimits.HighestDepth }).IsOk)
                return null;
            var fields = tape.Find(0, "fields"u8);
            var node = fields < 0 ? -1 : tape.Find(fields, Encoding.UTF8.GetBytes(field.Name));
            if (node < 0)
                return null;
            var output = new Utf8Output();
            tape.WriteTo(node, output);
            return output.Written.ToArray();
        }
    }
}
