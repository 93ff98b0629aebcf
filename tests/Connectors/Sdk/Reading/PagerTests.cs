using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Reading;

namespace IntegrationHub.Connectors.Tests.Sdk.Reading;

public sealed class PagerTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Cursor_pages_end_with_an_empty_cursor()
    {
        var asked = new List<string?>();
        await foreach (var _ in Pager.ByCursorAsync<int>(null, (at, _) =>
        {
            asked.Add(at);
            return Task.FromResult(new Page<int>([1]) { Next = at switch { null => "b", "b" => "c", _ => "" } });
        }, Cancelled))
        {
        }

        Assert.Equal([null, "b", "c"], asked);
    }

    [Fact]
    public async Task Cursor_that_leads_back_is_told() =>
        Assert.Equal(ConnectorErrorKind.Transient, (await Assert.ThrowsAsync<ConnectorException>(async () =>
        {
            await foreach (var _ in Pager.ByCursorAsync<int>("a", (at, _) => Task.FromResult(new Page<int>([1]) { Next = at == "a" ? "b" : "a" }), Cancelled))
            {
            }
        })).Kind);

    [Fact]
    public async Task Offset_pages_end_with_an_empty_page()
    {
        var items = new List<long>();
        await foreach (var page in Pager.ByNumberAsync(0, 2, (at, _) => Task.FromResult(new Page<long>(at < 4 ? [at, at + 1] : [])), Cancelled))
            items.AddRange(page.Items);
        Assert.Equal([0, 1, 2, 3], items);
    }

    [Fact]
    public async Task Numbered_pages_end_with_the_last()
    {
        var asked = 0;
        await foreach (var _ in Pager.ByNumberAsync(1, 1, (at, _) => Task.FromResult(new Page<int>([++asked]) { IsLast = at == 3 }), Cancelled))
        {
        }

        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task Results_of_calls_at_once_keep_their_order_and_a_failure_stops_the_rest()
    {
        var results = new List<int>();
        await foreach (var result in Concurrently.InOrderAsync(Enumerable.Range(0, 20), 4, async (i, cancel) =>
        {
            await Task.Yield();
            return i;
        }, Cancelled))
            results.Add(result);
        Assert.Equal(Enumerable.Range(0, 20), results);

        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (var _ in Concurrently.InOrderAsync(Enumerable.Range(0, 20), 4, async (i, cancel) =>
            {
                if (i == 1)
                    throw new InvalidOperationException();
                await Task.Delay(Timeout.Infinite, i == 0 ? CancellationToken.None : cancel).WaitAsync(i == 0 ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, TimeProvider.System, cancel).ContinueWith(_ => { }, TaskScheduler.Default);
                return i;
            }, Cancelled))
            {
            }
        });
    }
}
