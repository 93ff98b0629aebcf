using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IntegrationHub.Sdk.Reading;

/// <summary>A place in a list that is ordered by (value, key), such as (time of change, id).</summary>
/// <param name="Value">The value; texts compare as the source compares them.</param>
/// <param name="Key">The unique key, or <c>null</c> for the place before all rows of the value.</param>
public sealed record Watermark(string Value, string? Key);

/// <summary>One row of such a list and what it gives.</summary>
/// <param name="At">Where the row stands.</param>
/// <param name="Items">Records, deletions or bad records.</param>
public sealed record WatermarkedRow(Watermark At, IReadOnlyList<StreamItem> Items);

/// <summary>
/// Reads what changed, by a value that grows (time of change) and a key that breaks ties. It asks for the rows behind the last one instead of for page
/// numbers, so that rows that move while it reads are neither skipped nor keep it busy; rows with equal values are told apart by their key; and every new
/// run reaches back by an overlap, because sources commit late.
/// </summary>
public static class IncrementalRead
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>Reads from the cursor to the present end; a checkpoint follows every page.</summary>
    /// <param name="cursor">The last checkpoint's cursor, or <c>null</c> for the beginning.</param>
    /// <param name="reachBack">
    /// The value to begin a new run at, given the greatest value of the run before: earlier by the overlap. <c>null</c> for lists that are read as a whole every time.
    /// </param>
    /// <param name="fetch">
    /// Gets a page of rows behind a place, in ascending order of (value, key): those with a greater value, or the same value and a greater key; where the place has no key, those
    /// with the same value too; everything when the place is <c>null</c>. An empty page ends the read.
    /// </param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="ConnectorException">Of kind <see cref="ConnectorErrorKind.Permanent"/> when the source does not go forward.</exception>
    public static async IAsyncEnumerable<StreamItem> ReadAsync(
        string? cursor,
        Func<string, string?> reachBack,
        Func<Watermark?, CancellationToken, Task<IReadOnlyList<WatermarkedRow>>> fetch,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reachBack);
        ArgumentNullException.ThrowIfNull(fetch);
        var position = Parse(cursor);
        var at = position.Value is not { } value ? null : position.Done ? new Watermark(reachBack(value) ?? value, null) : new(value, position.Key);
        var greatest = position.Value;
        while (true)
        {
            var page = await fetch(at, cancellationToken).ConfigureAwait(false);
            if (page.Count == 0)
                break;
            foreach (var row in page)
                foreach (var item in row.Items)
                    yield return item;
            var last = page[^1].At;
            if (last == at)
                throw new ConnectorException(ConnectorErrorKind.Permanent, "the source gives the same rows again instead of those behind them; its order or its filter is not what the connector needs");
            at = last;
            greatest = last.Value;
            yield return Checkpoint(new(false, at.Value, at.Key));
        }

        if (greatest is not null)
            yield return reachBack(greatest) is null ? new Checkpoint("") : Checkpoint(new(true, greatest, null));
    }

    private static Checkpoint Checkpoint(Position position) => new(JsonSerializer.Serialize(position, Json));

    private static Position Parse(string? cursor)
    {
        try
        {
            return cursor is null ? new(false, null, null) : JsonSerializer.Deserialize<Position>(cursor, Json) ?? new(false, null, null);
        }
        catch (JsonException e)
        {
            throw new ConnectorException(ConnectorErrorKind.Configuration, "the stored cursor is not one of this connector; read from the beginning with 'hub sync CONNECTION --full'", e);
        }
    }

    /// <summary>Done: a run ended here, so that the next one reaches back.</summary>
    private sealed record Position(bool Done, string? Value, string? Key);
}
