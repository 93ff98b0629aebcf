using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Reading;

namespace IntegrationHub.Connectors.Tests.Sdk.Reading;

public sealed class IncrementalReadTests
{
    private readonly List<(string Value, string Key)> _rows = [("1", "a"), ("2", "a"), ("2", "b"), ("2", "c"), ("3", "a")];
    private readonly List<Watermark?> _asked = [];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ties_are_told_apart_by_their_key()
    {
        var (ids, cursor) = await ReadAsync(null);
        Assert.Equal(["1a", "2a", "2b", "2c", "3a"], ids);
        Assert.Equal(new("2", "a"), _asked[1]);
        Assert.NotNull(cursor);
    }

    [Fact]
    public async Task New_run_reaches_back()
    {
        var (_, cursor) = await ReadAsync(null);
        _rows.Add(("2", "late"));
        _asked.Clear();
        var (ids, _) = await ReadAsync(cursor);
        Assert.Equal(new("2", null), _asked[0]);
        Assert.Contains("2late", ids);
    }

    [Fact]
    public async Task List_that_is_read_as_a_whole_starts_over()
    {
        var (_, cursor) = await ReadAsync(null, reachBack: _ => null);
        Assert.Equal("", cursor);
    }

    [Fact]
    public async Task Source_that_does_not_go_forward_is_told() =>
        Assert.Equal(ConnectorErrorKind.Permanent, (await Assert.ThrowsAsync<ConnectorException>(async () =>
        {
            await foreach (var _ in IncrementalRead.ReadAsync(null, v => v, (_, _) => Task.FromResult<IReadOnlyList<WatermarkedRow>>([new(new("1", "a"), [])]), Cancelled))
            {
            }
        })).Kind);

    [Fact]
    public async Task Cursor_of_something_else_is_a_matter_of_configuration() =>
        Assert.Equal(ConnectorErrorKind.Configuration, (await Assert.ThrowsAsync<ConnectorException>(() => ReadAsync("not json"))).Kind);

    private async Task<(List<string> Ids, string? Cursor)> ReadAsync(string? cursor, Func<string, string?>? reachBack = null)
    {
        var ids = new List<string>();
        await foreach (var item in IncrementalRead.ReadAsync(cursor, reachBack ?? (v => $"{int.Parse(v, System.Globalization.CultureInfo.InvariantCulture) - 1}"), PageAsync, Cancelled))
            if (item is SourceRecord record)
                ids.Add(record.Id);
            else
                cursor = ((Checkpoint)item).Cursor;
        return (ids, cursor);
    }

    private Task<IReadOnlyList<WatermarkedRow>> PageAsync(Watermark? at, CancellationToken cancellationToken)
    {
        _asked.Add(at);
        IReadOnlyList<WatermarkedRow> page = [.. _rows.Order()
            .Where(r => at is null || string.CompareOrdinal(r.Value, at.Value) > 0 || (r.Value == at.Value && (at.Key is null || string.CompareOrdinal(r.Key, at.Key) > 0)))
            .Take(2).Select(r => new WatermarkedRow(new(r.Value, r.Key), [new SourceRecord(r.Value + r.Key, default)]))];
        return Task.FromResult(page);
    }
}
