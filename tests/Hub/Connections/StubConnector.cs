using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Actions;
using IntegrationHub.Sdk.Callbacks;

namespace IntegrationHub.Tests.Connections;

/// <summary>A connector whose vendor is the test.</summary>
internal sealed class StubConnector : IConnector
{
    /// <summary>Names by id, as the vendor has them now.</summary>
    public Dictionary<string, string> Contacts { get; } = [];

    /// <summary>Called before events are read.</summary>
    public Action<IReadOnlyList<CallbackEvent>> OnRead { get; set; } = _ => { };

    public Func<ActionRequest, Task<ActionResult>> OnAct { get; set; } = request => Task.FromResult(ActionResult.Of(new { said = request.Input.GetProperty("text").GetString() }));

    public int Acted { get; set; }

    public ConnectorManifest Manifest { get; } = new()
    {
        Id = "stub",
        Title = "Stub",
        Family = ConnectorFamily.Other,
        Description = "The test is its vendor.",
        Options = typeof(StubOptions),
        Streams = [new() { Name = "contacts", Description = "People." }],
        Actions = [new() { Name = "say", Description = "Says something.", Input = typeof(SayInput), PersonalData = ["$.text"] }],
        Callbacks = true,
    };

    public IConnection Open(ConnectionContext context) => new StubConnection(this, context);

    internal sealed class StubOptions;

    internal sealed class SayInput
    {
        public string Text { get; set; } = "";
    }

    private sealed class StubConnection(StubConnector stub, ConnectionContext context) : IReadRecords, IReceiveCallbacks, IRunActions
    {
        public async IAsyncEnumerable<StreamItem> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.Yield();
            foreach (var (id, name) in stub.Contacts)
                yield return Record(id, name);
        }

        /// <summary>The body is <c>EVENT ID</c>; whoever writes "forged" is refused.</summary>
        public CallbackAnswer Receive(CallbackRequest request) => Encoding.UTF8.GetString(request.Body.Span).Split(' ') switch
        {
            ["forged", ..] => CallbackAnswer.Refuse("forged"),
            [var @event, var id] => CallbackAnswer.Accept([new(@event, "contacts", id, default)], "success"),
            _ => throw new FormatException("a stranger's request"),
        };

        public async IAsyncEnumerable<StreamItem> ReadEventsAsync(string stream, IReadOnlyList<CallbackEvent> events, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.Yield();
            stub.OnRead(events);
            foreach (var id in events.Select(e => e.Subject).Distinct())
                yield return stub.Contacts.TryGetValue(id, out var name) ? Record(id, name) : new DeletedRecord(id);
        }

        public async Task<ActionResult> RunAsync(ActionRequest request, CancellationToken cancellationToken)
        {
            _ = context.Name;
            stub.Acted++;
            return await stub.OnAct(request);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private static SourceRecord Record(string id, string name) => new(id, JsonSerializer.SerializeToUtf8Bytes(new { id, name }));
    }
}
