using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Sdk;

namespace IntegrationHub.Tests.Connections;

/// <summary>A source whose reads a test writes down, each the list of what it yields. The last one stays.</summary>
internal sealed class ScriptedConnector : IConnector
{
    private readonly Queue<IReadOnlyList<StreamItem>> _reads = [];

    /// <summary>Waited for before the item at this position, when set.</summary>
    public (int At, Task Gate)? Pause { get; set; }

    public ConnectorManifest Manifest { get; } = new()
    {
        Id = "scripted",
        Title = "Scripted",
        Family = ConnectorFamily.Other,
        Description = "What a test says.",
        Options = typeof(object),
        Streams = [new() { Name = "things", Description = "Things." }],
    };

    /// <summary>Adds the connection <c>scripted</c> and a mapping that makes a product of every thing.</summary>
    public static HubConfig Configure(HubConfig config)
    {
        Directory.CreateDirectory(Path.Combine(config.Root, "mappings", "scripted"));
        File.WriteAllText(Path.Combine(config.Root, "mappings", "scripted", "things.yaml"), """
            source: scripted/things
            contributes:
              - entity: product
                key: $.id
                fields:
                  name: $.name
            """);
        return config with
        {
            Connections = [.. config.Connections, new("scripted", "scripted", JsonDocument.Parse("{}").RootElement, null, null, 2)],
            Limits = config.Limits with { BatchRecords = 1 },
        };
    }

    public static SourceRecord Thing(string id, string name) => new(id, Encoding.UTF8.GetBytes($$"""{"id":"{{id}}","name":"{{name}}"}"""));

    public ScriptedConnector Reads(params StreamItem[] items)
    {
        _reads.Enqueue(items);
        return this;
    }

    public IConnection Open(ConnectionContext context) => new Connection(this);

    private sealed class Connection(ScriptedConnector owner) : IReadRecords
    {
        public async IAsyncEnumerable<StreamItem> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            var items = owner._reads.Count > 1 ? owner._reads.Dequeue() : owner._reads.Peek();
            for (var i = 0; i < items.Count; i++)
            {
                if (owner.Pause is { } pause && pause.At == i)
                    await pause.Gate.WaitAsync(cancellationToken);
                yield return items[i];
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
