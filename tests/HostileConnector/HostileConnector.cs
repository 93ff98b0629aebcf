using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Actions;
using IntegrationHub.Sdk.Callbacks;
using IntegrationHub.Sdk.Declarative;
using IntegrationHub.Sdk.Http;

namespace HostileConnector;

/// <summary>A connector that does what no connector may; the setting <c>sin</c> says what.</summary>
public sealed class Hostile : IConnector
{
    public ConnectorManifest Manifest { get; } = new()
    {
        Id = "hostile",
        Title = "Hostile",
        Family = ConnectorFamily.Other,
        Description = "Does what no connector may.",
        Options = typeof(HostileOptions),
        Streams = [new() { Name = "things", Description = "Things." }],
        Actions = [new() { Name = "act", Description = "Acts.", Input = typeof(HostileOptions) }],
        Callbacks = true,
    };

    public IConnection Open(ConnectionContext context)
    {
        var options = context.Bind<HostileOptions>();
        if (options.Sin == "open blocks")
            Thread.Sleep(Timeout.Infinite);
        if (options.Sin == "open throws")
            throw new InvalidOperationException("a value nobody may see");
        return new HostileConnection(context, options);
    }
}

/// <summary>Code for a slot of a manifest; this one does no harm.</summary>
public sealed class Signature : ISignRequests
{
    public string Name => "plugin-signature";

    public void Sign(HttpRequestMessage message, VendorRequest request, IReadOnlyDictionary<string, JsonElement> settings, DateTimeOffset now) =>
        message.Headers.Add("X-Signed", now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
}

public sealed class HostileOptions
{
    public string Sin { get; set; } = "";

    public string Address { get; set; } = "";

    [Secret]
    public string Key { get; set; } = "";
}

internal sealed class HostileConnection(ConnectionContext context, HostileOptions options) : IReadRecords, ICheckConnection, IRunActions, IReceiveCallbacks
{
    private static readonly List<object> Leaked = [];
    private static readonly Lock One = new();
    private static readonly Lock Other = new();

    public async IAsyncEnumerable<StreamItem> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return Thing(0);
        yield return new Checkpoint("0");
        await Task.Yield();
        switch (options.Sin)
        {
            case "throws":
                throw new InvalidOperationException("a value nobody may see");
            case "out of memory":
                throw new OutOfMemoryException();
            case "sleeps":
                Thread.Sleep(Timeout.Infinite);
                break;
            case "deadlocks":
                Deadlock();
                break;
            case "waits for ever, politely":
                await Task.Delay(Timeout.Infinite, cancellationToken);
                break;
            case "waits for ever, deaf":
                await new TaskCompletionSource().Task;
                break;
            case "records without end":
                for (var i = 1L; ; i++)
                    yield return Thing(i);
            case "checkpoints without end":
                while (true)
                    yield return new Checkpoint("0");
            case "giant records without end":
                var body = new byte[1 << 20];
                body.AsSpan().Fill((byte)' ');
                "{}"u8.CopyTo(body);
                for (var i = 1L; ; i++)
                    yield return new SourceRecord($"giant {i}", body);
            case "one giant record":
                yield return new SourceRecord("giant", Encoding.UTF8.GetBytes($$"""{"id":"giant","name":"{{new string('x', 3 << 20)}}"}"""));
                break;
            case "giant cursor":
                yield return new Checkpoint(new string('x', 100_000));
                break;
            case "null":
                yield return null!;
                break;
            case "leaks memory":
                for (var i = 1L; ; i++)
                {
                    Leaked.Add(new byte[1 << 20]);
                    await Task.Delay(1, cancellationToken);
                    yield return Thing(i);
                    yield return new Checkpoint($"{i}");
                }

            case "leaks handles":
                while (true)
                {
                    Leaked.Add(File.OpenRead(typeof(Hostile).Assembly.Location));
                    await Task.Delay(1, cancellationToken);
                    yield return Thing(1);
                    yield return new Checkpoint("1");
                }

            case "calls":
                using (var client = context.CreateHttpClient())
                    await client.GetStringAsync(new Uri(options.Address), cancellationToken);
                break;
            default:
                break;
        }

        yield return Thing(1);
        yield return new Checkpoint("1");
    }

    public Task CheckAsync(CancellationToken cancellationToken) => options.Sin == "check blocks" ? Blocked() : Task.CompletedTask;

    public async Task<ActionResult> RunAsync(ActionRequest request, CancellationToken cancellationToken)
    {
        if (options.Sin == "action blocks")
            await Blocked();
        if (options.Sin == "action throws")
            throw new InvalidOperationException("a value nobody may see");
        return ActionResult.Of(new { done = true });
    }

    public CallbackAnswer Receive(CallbackRequest request)
    {
        if (options.Sin == "receive blocks")
            Thread.Sleep(Timeout.Infinite);
        return CallbackAnswer.Accept([]);
    }

    public async IAsyncEnumerable<StreamItem> ReadEventsAsync(string stream, IReadOnlyList<CallbackEvent> events, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        yield break;
    }

    public ValueTask DisposeAsync() => options.Sin switch
    {
        "closing throws" => throw new InvalidOperationException("a value nobody may see"),
        "closing blocks" => new(Blocked()),
        _ => ValueTask.CompletedTask,
    };

    private static SourceRecord Thing(long id) => new($"{id}", Encoding.UTF8.GetBytes($$"""{"id":"{{id}}","name":"thing {{id}}"}"""));

    private static Task Blocked()
    {
        Thread.Sleep(Timeout.Infinite);
        return Task.CompletedTask;
    }

    private static void Deadlock()
    {
        using var both = new Barrier(2);
        var other = new Thread(() =>
        {
            lock (Other)
            {
                both.SignalAndWait();
                lock (One)
                    return;
            }
        });
        other.IsBackground = true;
        other.Start();
        lock (One)
        {
            both.SignalAndWait();
            lock (Other)
                return;
        }
    }
}
