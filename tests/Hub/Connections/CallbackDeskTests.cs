using System.Text;
using IntegrationHub.Connections.Callbacks;
using IntegrationHub.Connections.Runs;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Callbacks;
using IntegrationHub.Storage;

namespace IntegrationHub.Tests.Connections;

public sealed class CallbackDeskTests
{
    [Fact]
    public async Task Event_changes_the_golden_data_and_is_done_with()
    {
        await using var hub = await StubWorkspace.OpenAsync();
        hub.Stub.Contacts["1"] = "张三";
        await using var desk = await DeskAsync(hub);

        var answer = await SendAsync(desk, "e1 1");

        Assert.Equal("success", Encoding.UTF8.GetString(answer!.Body.Span));
        await UntilAsync(async () => (await hub.NamesAsync()).Any(n => n.Contains("张三", StringComparison.Ordinal)));
        await UntilAsync(async () => (await WaitingAsync(hub)).Count == 0);
    }

    [Fact]
    public async Task Event_of_a_gone_record_deletes_it()
    {
        await using var hub = await StubWorkspace.OpenAsync();
        hub.Stub.Contacts["1"] = "张三";
        await new Runner(hub.Workspace).SyncAsync("chat", null, full: false, TestContext.Current.CancellationToken);
        hub.Stub.Contacts.Clear();
        await using var desk = await DeskAsync(hub);

        await SendAsync(desk, "e1 1");

        await UntilAsync(async () => (await hub.NamesAsync()).Count == 0);
    }

    [Fact]
    public async Task Event_that_comes_again_is_read_once_also_after_a_restart()
    {
        await using var hub = await StubWorkspace.OpenAsync();
        var read = 0;
        hub.Stub.OnRead = events => Interlocked.Add(ref read, events.Count);
        hub.Stub.Contacts["1"] = "张三";
        await using (var desk = await DeskAsync(hub))
        {
            await SendAsync(desk, "e1 1");
            await SendAsync(desk, "e1 1");
            await UntilAsync(async () => read > 0 && (await WaitingAsync(hub)).Count == 0);
        }

        await hub.ReopenAsync();
        await using (var desk = await DeskAsync(hub))
        {
            await SendAsync(desk, "e1 1");
            await SendAsync(desk, "e2 1");
            await UntilAsync(async () => read > 1 && (await WaitingAsync(hub)).Count == 0);
        }

        Assert.Equal(2, read);
    }

    [Fact]
    public async Task Event_that_was_kept_but_not_read_is_read_by_the_next_process()
    {
        await using var hub = await StubWorkspace.OpenAsync();
        hub.Stub.Contacts["1"] = "张三";
        await using (var inbox = new CallbackInbox(hub.Workspace))
            await inbox.KeepAsync("chat", [new("e1", "contacts", "1", default)], TestContext.Current.CancellationToken);
        await hub.ReopenAsync();

        await using var desk = await DeskAsync(hub);

        await UntilAsync(async () => (await hub.NamesAsync()).Count == 1);
    }

    [Fact]
    public async Task Event_is_read_again_when_a_run_was_under_way()
    {
        await using var hub = await StubWorkspace.OpenAsync();
        var read = 0;
        hub.Stub.OnRead = _ => Interlocked.Increment(ref read);
        hub.Stub.Contacts["1"] = "张三";
        var run = hub.Workspace.Store.TryLease("stream:chat/contacts");
        Assert.NotNull(run);
        await using var desk = await DeskAsync(hub);

        await SendAsync(desk, "e1 1");
        await UntilAsync(async () => (await hub.NamesAsync()).Count == 1);
        Assert.Single(await WaitingAsync(hub));
        run.Dispose();

        await UntilAsync(async () => (await WaitingAsync(hub)).Count == 0);
        Assert.Equal(2, read);
    }

    [Fact]
    public async Task Event_that_can_never_be_read_is_set_aside_and_others_go_on()
    {
        await using var hub = await StubWorkspace.OpenAsync();
        hub.Stub.Contacts["1"] = "张三";
        hub.Stub.OnRead = events =>
        {
            if (events.Any(e => e.Subject == "bad"))
                throw new ConnectorException(ConnectorErrorKind.Permanent, "there is no such thing");
        };
        await using var desk = await DeskAsync(hub);

        await Task.WhenAll(SendAsync(desk, "e1 bad"), SendAsync(desk, "e2 1"));

        await UntilAsync(async () => (await hub.NamesAsync()).Count == 1 && (await WaitingAsync(hub)).Count == 0);
        var aside = Assert.Single(await hub.Workspace.Store.Reader.CallbacksAsync(hub.Workspace.Store.Catalog.Connection("chat"), null, setAside: true, 0, 10, TestContext.Current.CancellationToken));
        Assert.Equal(("bad", "there is no such thing"), (aside.Subject, aside.Error));
    }

    [Fact]
    public async Task What_came_in_has_its_entry_once()
    {
        await using var hub = await StubWorkspace.OpenAsync();
        await using (var inbox = new CallbackInbox(hub.Workspace))
        {
            await inbox.KeepAsync("chat", [new("e1", "contacts", "13800138000", default), new("e2", "contacts", "2", default)], TestContext.Current.CancellationToken);
            await inbox.KeepAsync("chat", [new("e1", "contacts", "13800138000", default)], TestContext.Current.CancellationToken);
        }

        var entry = Assert.Single(hub.Workspace.Store.Reader.Log.Entries(0, 100).Select(r => Encoding.UTF8.GetString(r.Entry)), e => e.Contains("\"callbacks\"", StringComparison.Ordinal));
        Assert.Contains("\"action\":\"ingest\",\"actor\":\"connection:chat\",\"from\":{\"system\":\"chat/contacts\"},\"to\":{\"system\":\"hub\"},\"counts\":{\"callbacks\":2}", entry, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("forged 1", 401)]
    [InlineData("nonsense", 400)]
    public async Task Requests_that_are_not_genuine_keep_nothing(string body, int status)
    {
        await using var hub = await StubWorkspace.OpenAsync();
        await using var desk = await DeskAsync(hub);

        Assert.Equal(status, (await SendAsync(desk, body))!.Status);
        Assert.Empty(await WaitingAsync(hub));
    }

    [Fact]
    public async Task Unknown_connection_has_no_desk()
    {
        await using var hub = await StubWorkspace.OpenAsync();
        await using var desk = await DeskAsync(hub);
        Assert.Null(await desk.ReceiveAsync("elsewhere", new() { Method = "POST" }, TestContext.Current.CancellationToken));
    }

    private static async Task<CallbackDesk> DeskAsync(StubWorkspace hub)
    {
        var desk = new CallbackDesk(hub.Workspace);
        await desk.OpenAsync(TestContext.Current.CancellationToken);
        return desk;
    }

    private static Task<CallbackAnswer?> SendAsync(CallbackDesk desk, string body) =>
        desk.ReceiveAsync("chat", new() { Method = "POST", Body = Encoding.UTF8.GetBytes(body) }, TestContext.Current.CancellationToken);

    private static async Task<IReadOnlyList<CallbackRow>> WaitingAsync(StubWorkspace hub) =>
        await hub.Workspace.Store.Reader.CallbacksAsync(hub.Workspace.Store.Catalog.Connection("chat"), null, setAside: false, 0, 10, TestContext.Current.CancellationToken);

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        while (!await condition())
            await Task.Delay(20, TestContext.Current.CancellationToken);
    }
}
