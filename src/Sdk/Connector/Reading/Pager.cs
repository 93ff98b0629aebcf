using System.Runtime.CompilerServices;

namespace IntegrationHub.Sdk.Reading;

/// <summary>One page of a list.</summary>
/// <typeparam name="T">What is listed.</typeparam>
/// <param name="Items">The items, in the vendor's order; may be empty.</param>
public sealed record Page<T>(IReadOnlyList<T> Items)
{
    /// <summary>Where the next page is, for <see cref="Pager.ByCursorAsync{T}"/>: a cursor, a token or a link; <c>null</c> or empty on the last page.</summary>
    public string? Next { get; init; }

    /// <summary>The vendor says that this is the last page, for <see cref="Pager.ByNumberAsync{T}"/>.</summary>
    public bool IsLast { get; init; }
}

/// <summary>Walks through the pages of a list. Each guards against lists that never end.</summary>
public static class Pager
{
    /// <summary>Pages that lead from one to the next: by cursor, page token or link.</summary>
    /// <param name="start">Where to begin, or <c>null</c> for the beginning.</param>
    /// <param name="fetch">Gets the page at a place.</param>
    /// <param name="cancellationToken">Ends the walk.</param>
    /// <exception cref="ConnectorException">Of kind <see cref="ConnectorErrorKind.Transient"/> when a page leads back to one that was read.</exception>
    public static async IAsyncEnumerable<Page<T>> ByCursorAsync<T>(
        string? start, Func<string?, CancellationToken, Task<Page<T>>> fetch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(fetch);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var at = start;
        do
        {
            if (at is not null && !seen.Add(at))
                throw new ConnectorException(ConnectorErrorKind.Transient, "the list of pages leads back to a page that was read already");
            var page = await fetch(at, cancellationToken).ConfigureAwait(false);
            yield return page;
            at = page.Next;
        }
        while (!string.IsNullOrEmpty(at));
    }

    /// <summary>Pages by number (step 1) or by offset (step = page size), until a page is empty or says that it is the last.</summary>
    /// <param name="first">The first number or offset.</param>
    /// <param name="step">How far the next page is.</param>
    /// <param name="fetch">Gets the page at a number or offset.</param>
    /// <param name="cancellationToken">Ends the walk.</param>
    public static async IAsyncEnumerable<Page<T>> ByNumberAsync<T>(
        long first, int step, Func<long, CancellationToken, Task<Page<T>>> fetch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(fetch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(step);
        for (var at = first; ; at += step)
        {
            var page = await fetch(at, cancellationToken).ConfigureAwait(false);
            if (page.Items.Count > 0)
                yield return page;
            if (page.IsLast || page.Items.Count == 0)
                yield break;
        }
    }
}
