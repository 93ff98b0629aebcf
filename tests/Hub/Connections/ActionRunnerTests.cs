using System.Text.Json;
using IntegrationHub.Connections.Actions;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Actions;

namespace IntegrationHub.Tests.Connections;

public sealed class ActionRunnerTests
{
    [Fact]
    public async Task Same_key_acts_once_and_answers_the_same_also_after_a_restart()
    {
        await using var hub = await StubWorkspace.OpenAsync();
        var first = await SayAsync(hub, "k1", "hello");
        await hub.ReopenAsync();
        var again = await SayAsync(hub, "k1", "hello");

        Assert.Equal(1, hub.Stub.Acted);
        Assert.Equal((false, true), (first.Replayed, again.Replayed));
        Assert.Equal(first.Output.GetRawText(), again.Output.GetRawText());
    }

    [Fact]
    public async Task Key_that_stands_for_other_input_is_refused()
    {
        await using var hub = await StubWorkspace.OpenAsync();
        await SayAsync(hub, "k1", "hello");
        Assert.False((await Assert.ThrowsAsync<ActionConflictException>(() => SayAsync(hub, "k1", "goodbye"))).IsUnderWay);
    }

    [Fact]
    public async Task Action_whose_end_is_not_known_is_handed_over_as_a_repeat_with_its_notes()
    {
        await using var hub = await StubWorkspace.OpenAsync();
        hub.Stub.OnAct = async request =>
        {
            await request.Steps.SetAsync("saved", "17", default);
            throw new ConnectorException(ConnectorErrorKind.Transient, "the answer was lost") { MayHaveHappened = true };
        };
        await Assert.ThrowsAsync<ConnectorException>(() => SayAsync(hub, "k1", "hello"));
        await hub.ReopenAsync();

        ActionRequest? seen = null;
        hub.Stub.OnAct = request =>
        {
            seen = request;
            return Task.FromResult(ActionResult.Of(new { }));
        };
        await SayAsync(hub, "k1", "hello");

        Assert.True(seen!.IsRepeat);
        Assert.Equal("17", seen.Steps.Get("saved"));
    }

    [Fact]
    public async Task A_note_that_was_taken_back_leaves_the_key_free()
    {
        await using var hub = await StubWorkspace.OpenAsync();
        hub.Stub.OnAct = async request =>
        {
            await request.Steps.SetAsync("sent", "perhaps", default);
            await request.Steps.SetAsync("sent", "", default);
            throw new ConnectorException(ConnectorErrorKind.Permanent, "no");
        };
        await Assert.ThrowsAsync<ConnectorException>(() => SayAsync(hub, "k1", "hello"));
        hub.Stub.OnAct = _ => Task.FromResult(ActionResult.Of(new { }));
        Assert.False((await SayAsync(hub, "k1", "mended")).Replayed);
    }

    [Fact]
    public async Task Refused_input_leaves_the_key_free()
    {
        await using var hub = await StubWorkspace.OpenAsync();
        hub.Stub.OnAct = _ => throw new ConnectorException(ConnectorErrorKind.Permanent, "no");
        await Assert.ThrowsAsync<ConnectorException>(() => SayAsync(hub, "k1", "hello"));
        hub.Stub.OnAct = _ => Task.FromResult(ActionResult.Of(new { }));
        Assert.False((await SayAsync(hub, "k1", "mended")).Replayed);
    }

    [Fact]
    public async Task Same_key_at_the_same_time_acts_once()
    {
        await using var hub = await StubWorkspace.OpenAsync();
        var begun = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        hub.Stub.OnAct = async _ =>
        {
            begun.SetResult();
            await go.Task;
            return ActionResult.Of(new { });
        };
        var first = SayAsync(hub, "k1", "hello");
        await begun.Task;
        Assert.True((await Assert.ThrowsAsync<ActionConflictException>(() => SayAsync(hub, "k1", "hello"))).IsUnderWay);
        go.SetResult();
        await first;
        Assert.Equal(1, hub.Stub.Acted);
    }

    [Fact]
    public async Task Unknown_action_names_the_nearest()
    {
        await using var hub = await StubWorkspace.OpenAsync();
        var refusal = await Assert.ThrowsAsync<ConnectorException>(() => new ActionRunner(hub.Workspace).RunAsync("chat", "sai", "k", JsonDocument.Parse("{}").RootElement, TestContext.Current.CancellationToken));
        Assert.Contains("say", refusal.Message, StringComparison.Ordinal);
    }

    private static Task<ActionOutcome> SayAsync(StubWorkspace hub, string key, string text) =>
        new ActionRunner(hub.Workspace).RunAsync("chat", "say", key, JsonSerializer.SerializeToElement(new { text }), TestContext.Current.CancellationToken);
}
