using System.Runtime.CompilerServices;
using IntegrationHub.Sdk;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Connectors.Ocds.Reading;

/// <summary>Reads a publisher's pages: window by window where it is asked by time, otherwise one list.</summary>
internal sealed partial class PageSource(PublisherClient client, OcdsOptions options, TimeProvider time, ILogger log)
{
    private int _pagesOfRun;

    public IAsyncEnumerable<StreamItem> ReadAsync(PagePosition? position, int maxRecordBytes, CancellationToken cancellationToken)
    {
        _pagesOfRun = 0;
        return Publisher.IsAskedByTime(options.Style)
            ? ReadWindowsAsync(position ?? new PagePosition(), maxRecordBytes, cancellationToken)
            : ReadListAsync(position ?? new PagePosition(), maxRecordBytes, cancellationToken);
    }

    /// <summary>Asks for the first page, the smallest that proves address and format.</summary>
    public Task CheckAsync(CancellationToken cancellationToken)
    {
        var now = Now();
        return client.GetAsync(
            Publisher.IsAskedByTime(options.Style) ? Publisher.Window(options, now - TimeSpan.FromMinutes(10), now) : Publisher.List(options, null),
            cancellationToken);
    }

    private async IAsyncEnumerable<StreamItem> ReadWindowsAsync(
        PagePosition position, int maxRecordBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // 1. A run goes up to the time it began. A run that was broken off keeps its own end, so that it asks the same questions again.
        var isResumed = position.Until is not null;
        var until = position.Until ?? Now();
        var first = options.From!.Value;
        var from = position.From ?? first;
        if (!isResumed && position.From is not null)
            from = from - options.Overlap > first ? from - options.Overlap : from < first ? from : first;
        if (from > until)
            throw new ConnectorException(ConnectorErrorKind.Configuration,
                $"reading would begin at {from:u}, after the present time {until:u}; check 'from' and the clock, or reset the cursor");

        // 2. Window after window. A place is stored after every page.
        while (from < until)
        {
            var to = isResumed && position.To is { } end ? end : Earlier(from + options.Window, until);
            var next = isResumed && position.Next is not null ? new Uri(position.Next) : null;
            isResumed = false;
            var here = new PagePosition { From = from, To = to, Until = until };
            await foreach (var item in ReadPagesAsync(Publisher.Window(options, from, to), next, here, maxRecordBytes, cancellationToken).ConfigureAwait(false))
                yield return item;

            from = to;
            if (from < until)
                yield return At(new PagePosition { From = from, Until = until });
        }

        // 3. The next run begins here, less the overlap.
        yield return At(new PagePosition { From = until });
    }

    private async IAsyncEnumerable<StreamItem> ReadListAsync(
        PagePosition position, int maxRecordBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var offset = position.Offset - (long)options.Overlap.TotalMilliseconds;
        var start = Publisher.List(options, offset is < 0 ? 0 : offset);
        var next = position.Next is null ? null : new Uri(position.Next);
        var last = next ?? start;
        await foreach (var item in ReadPagesAsync(start, next, new PagePosition(), maxRecordBytes, cancellationToken).ConfigureAwait(false))
        {
            if (item is Checkpoint checkpoint)
                last = new Uri(OcdsCursor.Parse(checkpoint.Cursor).Pages!.Next!);
            yield return item;
        }

        // Armenia goes on from the last place; a plain package is read from its beginning again.
        yield return options.Style == OcdsStyle.Armenia && (Publisher.OffsetOf(last) ?? position.Offset) is { } reached
            ? At(new PagePosition { Offset = reached })
            : new OcdsCursor().ToCheckpoint();
    }

    /// <summary>Follows pages from <paramref name="next"/>, or from the start, to the last one. Yields a checkpoint between pages.</summary>
    private async IAsyncEnumerable<StreamItem> ReadPagesAsync(
        Uri start, Uri? next, PagePosition here, int maxRecordBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (next is not null && next.Host != start.Host)
            next = null; // the configuration names another server now
        var seen = new LoopGuard();
        for (var address = next ?? start; ;)
        {
            if (++_pagesOfRun > options.MaxPages)
                throw new ConnectorException(ConnectorErrorKind.Permanent,
                    $"{address}: stopped after {options.MaxPages} pages in one run; if the publisher really has more, raise maxPages");

            var page = await GetAsync(address, start, isResumed: address == next, cancellationToken).ConfigureAwait(false);
            seen.Check(page);
            await foreach (var item in ReadPageAsync(page, maxRecordBytes, cancellationToken).ConfigureAwait(false))
                yield return item;

            if (NextOf(page) is not { } following)
                yield break;
            address = following;
            yield return At(here with { Next = address.AbsoluteUri });
        }
    }

    /// <summary>A stored next page can have expired at the publisher; then the window or list begins again.</summary>
    private async Task<Page> GetAsync(Uri address, Uri start, bool isResumed, CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetAsync(address, cancellationToken).ConfigureAwait(false);
        }
        catch (ConnectorException e) when (isResumed && address != start && e.Kind is ConnectorErrorKind.Permanent or ConnectorErrorKind.Configuration)
        {
            LogExpired(e.Message);
            return await client.GetAsync(start, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async IAsyncEnumerable<StreamItem> ReadPageAsync(Page page, int maxRecordBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var place = new Place(page.Address.AbsoluteUri, "", IsPage: true);
        if (page.Frame.IsSingle)
        {
            foreach (var item in ReleaseItems.From(page.Body, PackageHeader.None, place, maxRecordBytes))
                yield return item;
            yield break;
        }

        using var stream = PublisherClient.Stream(page.Body);
        await foreach (var (_, items) in PackageReader.ReadElementsAsync(stream, page.Frame.Header, place, 0, maxRecordBytes, cancellationToken).ConfigureAwait(false))
            foreach (var item in items)
                yield return item;
    }

    /// <summary>The next page's address, on the same server; null at the end.</summary>
    private Uri? NextOf(Page page)
    {
        if (page.Frame.Header.Next is not { } text)
            return null;
        if (options.Style == OcdsStyle.Armenia && page.Frame.Elements == 0)
            return null; // up to date: the last page is empty and names the place to ask again

        var server = Publisher.Server(options);
        if (!Uri.TryCreate(page.Address, text, out var next) || next.Host != server.Host)
            throw new ConnectorException(ConnectorErrorKind.Permanent, $"{page.Address}: the next page '{text}' is not on {server.Host}; it is not followed");
        next = new UriBuilder(next) { Scheme = server.Scheme, Port = server.Port }.Uri; // servers behind a proxy name their inner port

        if (options.Style == OcdsStyle.Armenia && Publisher.OffsetOf(next) is { } after && Publisher.OffsetOf(page.Address) is { } before && after < before)
            throw new ConnectorException(ConnectorErrorKind.Permanent,
                $"{page.Address}: the next page goes back to offset {after}; the publisher's paging is broken, reading stops here");
        return next;
    }

    private DateTimeOffset Now()
    {
        var now = time.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerSecond));
    }

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    private static Checkpoint At(PagePosition position) => new OcdsCursor { Pages = position }.ToCheckpoint();

    [LoggerMessage(LogLevel.Warning, "The stored page cannot be asked for any more, its window begins again: {Reason}")]
    private partial void LogExpired(string reason);

    /// <summary>Notices pages that lead round in a circle.</summary>
    private sealed class LoopGuard
    {
        private readonly HashSet<string> _addresses = new(StringComparer.Ordinal);
        private readonly HashSet<string> _contents = new(StringComparer.Ordinal);

        public void Check(Page page)
        {
            // One release alone may honestly come twice, when it changed while the pages were turned.
            var sameContent = page.Frame.Elements > 1 && !_contents.Add(page.ContentHash);
            if (!_addresses.Add(page.Address.AbsoluteUri) || sameContent)
                throw new ConnectorException(ConnectorErrorKind.Permanent,
                    $"{page.Address}: this page came before; the publisher's paging leads round in a circle, reading stops here");
        }
    }
}
