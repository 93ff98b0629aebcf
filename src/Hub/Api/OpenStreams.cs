namespace IntegrationHub.Api;

/// <summary>Counts the streams that each key has open.</summary>
internal sealed class OpenStreams(int most)
{
    private readonly Dictionary<string, int> _open = new(StringComparer.Ordinal);

    /// <returns>The place of a stream, given back on dispose; <c>null</c> when the key has no more.</returns>
    public IDisposable? TryOpen(string key)
    {
        lock (_open)
        {
            var open = _open.GetValueOrDefault(key);
            if (open >= most)
                return null;
            _open[key] = open + 1;
        }

        return new Place(this, key);
    }

    private void Close(string key)
    {
        lock (_open)
            if (--_open[key] == 0)
                _open.Remove(key);
    }

    private sealed class Place(OpenStreams streams, string key) : IDisposable
    {
        private int _closed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _closed, 1) == 0)
                streams.Close(key);
        }
    }
}
