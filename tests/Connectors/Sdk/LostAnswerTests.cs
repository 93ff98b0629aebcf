using System.Text.Json;
using IntegrationHub.Connectors.Tests.Esign;
using IntegrationHub.Connectors.Tests.Wecom;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Actions;
using IntegrationHub.Sdk.Simulation;
using IntegrationHub.Sdk.Testing.Conformance;

namespace IntegrationHub.Connectors.Tests.Sdk;

/// <summary>Where a vendor cannot be asked what became of an action, a lost answer never comes to be a success.</summary>
public sealed class LostAnswerTests
{
    [Fact]
    public Task A_robot_message_is_not_said_to_be_sent() => IsUnknownAsync(new WecomUnderTest(), "send_robot_message", "sent");

    [Fact]
    public Task A_reminder_is_not_said_to_be_sent() => IsUnknownAsync(new EsignUnderTest(), "urge_flow", "urged");

    private static async Task IsUnknownAsync(ConnectorUnderTest subject, string action, string result)
    {
        using var _ = subject;
        using var run = new ConnectorRun(subject);
        await using var connection = run.Open();
        var sample = subject.Actions.First(a => a.Action == action);
        var request = new ActionRequest(action, "key", JsonSerializer.SerializeToElement(sample.Input)) { Steps = new Steps() };
        var before = sample.Effects();
        subject.Simulator.Inject(1, Fault.AnswerLost);
        var lost = await Assert.ThrowsAsync<ConnectorException>(() => ((IRunActions)connection).RunAsync(request, TestContext.Current.CancellationToken));
        Assert.True(lost.MayHaveHappened);
        var again = (await ((IRunActions)connection).RunAsync(request with { IsRepeat = true }, TestContext.Current.CancellationToken)).Output;
        Assert.Equal(JsonValueKind.Null, again.GetProperty(result).ValueKind);
        Assert.Contains("was lost", again.GetProperty("unknown").GetString(), StringComparison.Ordinal);
        // The vendor did it once, whatever came back.
        Assert.Equal(before + 1, sample.Effects());

        var other = (await ((IRunActions)connection).RunAsync(request with { IdempotencyKey = "other", Steps = new Steps() }, TestContext.Current.CancellationToken)).Output;
        Assert.True(other.GetProperty(result).GetBoolean());
    }

    private sealed class Steps : IActionSteps
    {
        private readonly Dictionary<string, string> _kept = [];

        public string? Get(string name) => _kept.GetValueOrDefault(name);

        public ValueTask SetAsync(string name, string value, CancellationToken cancellationToken)
        {
            _kept[name] = value;
            return ValueTask.CompletedTask;
        }
    }
}
