using System.Text;
using System.Text.Json;
using IntegrationHub.Connections.Runs;
using IntegrationHub.Delivery;
using IntegrationHub.Delivery.Rules;
using IntegrationHub.Sdk.Actions;
using IntegrationHub.Storage;
using IntegrationHub.Tests.Connections;

namespace IntegrationHub.Tests.Delivery.Rules;

/// <summary>
/// A workspace with the connections <c>chat</c> and <c>crm</c>, which share their people by id and their companies by name, and one rule. The vendor keeps what it
/// was told by key, as vendors do who can be asked what became of an action.
/// </summary>
internal sealed class RuleRig : IAsyncDisposable
{
    private const string Mapping = """
        source: stub/contacts
        contributes:
          - entity: contact
            key: $.id
            identity:
              wechat_unionid: $.id
            fields:
              name: $.name
            links:
              customer: { key: $.name }
          - entity: customer
            key: $.name
            identity:
              registry: $.name
            fields:
              name: $.name
            links:
              parent: { key: { $template: "group of {$.name}" } }
          - entity: customer
            key: { $template: "group of {$.name}" }
            fields:
              name: { $template: "group of {$.name}" }
        """;

    private readonly Lock _lock = new();
    private readonly List<(string Key, string Text)> _said = [];

    private RuleRig()
    {
    }

    public DeliveryRig Hub { get; private set; } = null!;

    public StubConnector Stub { get; } = new();

    /// <summary>What goes wrong before the vendor does what it is asked, or <c>null</c>.</summary>
    public Func<ActionRequest, Exception?> Before { get; set; } = _ => null;

    /// <summary>What goes wrong after it did it.</summary>
    public Func<ActionRequest, Exception?> After { get; set; } = _ => null;

    public Func<ActionRequest, object> Output { get; set; } = _ => new { said = true };

    /// <summary>What the vendor did, in order.</summary>
    public IReadOnlyList<(string Key, string Text)> Said
    {
        get
        {
            lock (_lock)
                return [.. _said];
        }
    }

    public IEnumerable<string> Texts => Said.Select(s => s.Text);

    public ActionRule Rule => Assert.Single(Subscriptions.Open(Hub.Workspace).Rules);

    public string Name => ActionRule.Prefix + Rule.Name;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="rules">Files below <c>mappings/rules</c>.</param>
    public static async Task<RuleRig> OpenAsync(params IReadOnlyList<(string File, string Text)> rules)
    {
        var rig = new RuleRig();
        rig.Stub.OnAct = rig.ActAsync;
        rig.Hub = await DeliveryRig.OpenAsync(config =>
        {
            Write(config.Root, "stub/contacts.yaml", Mapping);
            foreach (var (file, text) in rules)
                Write(config.Root, "rules/" + file, text);
            var settings = JsonDocument.Parse("{}").RootElement;
            return config with { Connections = [new("chat", "stub", settings, null, null, 1), new("crm", "stub", settings, null, null, 2)] };
        }, rig.Stub);
        return rig;
    }

    /// <summary>Contacts are read from a connection: id and name.</summary>
    public async Task SyncAsync(string connection, params IReadOnlyList<(string Id, string Name)> contacts)
    {
        Stub.Contacts.Clear();
        foreach (var (id, name) in contacts)
            Stub.Contacts.Add(id, name);
        Assert.All(await new Runner(Hub.Workspace).SyncAsync(connection, null, full: false, Cancel), run => Assert.Equal("succeeded", run.State));
    }

    public DeliveryRig.Running Start(IHubStore? store = null) =>
        Hub.Start(new RuleSinkOptions(store is null ? Hub.Workspace : Hub.Workspace.Over(store), Rule).Subscription, store);

    /// <summary>Moves the clock until the rule has looked at everything, timers that are due included.</summary>
    public async Task SettleAsync()
    {
        await Hub.UntilAsync(async () =>
        {
            await FireAsync();
            return await IsThroughAsync() && (await Hub.KeptAsync(Name, parked: false)).Count == 0;
        });
    }

    /// <summary>Lets time pass with the hub running.</summary>
    public async Task PassAsync(TimeSpan time)
    {
        for (var end = Hub.Time.GetUtcNow() + time; Hub.Time.GetUtcNow() < end;)
        {
            Hub.Time.Advance(TimeSpan.FromHours(1));
            await SettleAsync();
        }
    }

    /// <summary>As after a crash that left nothing of the progress: every change comes again.</summary>
    public async Task ForgetPositionAsync()
    {
        await using var transaction = await Hub.Workspace.Store.BeginAsync(Cancel);
        await SubscriptionState.RemoveAsync(transaction, Name);
        await transaction.CommitAsync();
    }

    public ValueTask FireAsync() => Subscriptions.Open(Hub.Workspace).FireTimersAsync(Cancel);

    public async Task<bool> IsThroughAsync() => (await Hub.StateAsync(Name))?.Position == await Hub.Workspace.Store.Reader.LastChangeAsync(Cancel);

    public async ValueTask DisposeAsync() => await Hub.DisposeAsync();

    private Task<ActionResult> ActAsync(ActionRequest request)
    {
        if (Before(request) is { } before)
            throw before;
        lock (_lock)
            if (!request.IsRepeat || _said.All(s => s.Key != request.IdempotencyKey))
                _said.Add((request.IdempotencyKey, request.Input.GetProperty("text").GetString()!));
        return After(request) is { } after ? throw after : Task.FromResult(ActionResult.Of(Output(request)));
    }

    private static void Write(string root, string file, string text)
    {
        var path = Path.Combine(root, "mappings", file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text, new UTF8Encoding(false));
    }
}
