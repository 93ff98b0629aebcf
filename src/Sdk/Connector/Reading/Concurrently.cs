using System.Runtime.CompilerServices;

namespace IntegrationHub.Sdk.Reading;

/// <summary>Several calls at once for lists whose items must be asked for one by one.</summary>
public static class Concurrently
{
    /// <summary>Gets something for every item, a few at a time; the results come in the order of the items.</summary>
    /// <param name="items">What to ask for.</param>
    /// <param name="atOnce">Calls under way at the same time; the account's budget holds besides.</param>
    /// <param name="fetch">Asks for one.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async IAsyncEnumerable<TResult> InOrderAsync<T, TResult>(
        IEnumerable<T> items, int atOnce, Func<T, CancellationToken, Task<TResult>> fetch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(fetch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(atOnce);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var underWay = new Queue<Task<TResult>>(atOnce);
        try
        {
            foreach (var item in items)
            {
                if (underWay.Count == atOnce)
                    yield return await underWay.Dequeue().ConfigureAwait(false);
                underWay.Enqueue(fetch(item, stop.Token));
            }

            while (underWay.Count > 0)
                yield return await underWay.Dequeue().ConfigureAwait(false);
        }
        finally
        {
            // After a failure, or when the reader has seen enough.
            await stop.CancelAsync().ConfigureAwait(false);
            foreach (var task in underWay)
                await task.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).ConfigureAwait(false);
        }
    }
}
