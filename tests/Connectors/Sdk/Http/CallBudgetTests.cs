using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Http;
using Microsoft.Extensions.Time.Testing;

namespace IntegrationHub.Connectors.Tests.Sdk.Http;

public sealed class CallBudgetTests
{
    private readonly FakeTimeProvider _time = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Burst_goes_out_at_once_and_the_rest_is_spread()
    {
        using var budget = new CallBudget(new() { Calls = 60, Window = TimeSpan.FromMinutes(1), Burst = 3, Concurrency = 100 }, _time);
        for (var i = 0; i < 4; i++)
            (await budget.EnterAsync(Cancelled)).Dispose();
        var next = budget.EnterAsync(Cancelled).AsTask();
        Assert.False(next.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        (await next).Dispose();
    }

    [Fact]
    public async Task Pause_holds_everybody()
    {
        using var budget = new CallBudget(new(), _time);
        budget.PauseFor(TimeSpan.FromSeconds(5));
        var call = budget.EnterAsync(Cancelled).AsTask();
        Assert.False(call.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(5));
        (await call).Dispose();
    }

    [Fact]
    public async Task Wait_that_is_too_long_is_told()
    {
        using var budget = new CallBudget(new() { LongestWait = TimeSpan.FromSeconds(10) }, _time);
        budget.PauseFor(TimeSpan.FromMinutes(1));
        var refusal = await Assert.ThrowsAsync<ConnectorException>(() => budget.EnterAsync(Cancelled).AsTask());
        Assert.Equal((ConnectorErrorKind.RateLimited, TimeSpan.FromMinutes(1)), (refusal.Kind, refusal.RetryAfter));
    }

    [Fact]
    public async Task No_more_calls_at_once_than_allowed()
    {
        using var budget = new CallBudget(new() { Concurrency = 1 }, _time);
        var first = await budget.EnterAsync(Cancelled);
        var second = budget.EnterAsync(Cancelled).AsTask();
        Assert.False(second.IsCompleted);
        first.Dispose();
        (await second).Dispose();
    }

    [Fact]
    public void Accounts_share_their_budget()
    {
        var budgets = new CallBudgets(_time);
        Assert.Same(budgets.For("a", new()), budgets.For("a", new() { Calls = 1 }));
        Assert.NotSame(budgets.For("a", new()), budgets.For("b", new()));
    }
}
