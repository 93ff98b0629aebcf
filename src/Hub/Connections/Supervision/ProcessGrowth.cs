using System.Diagnostics;

namespace IntegrationHub.Connections.Supervision;

/// <summary>
/// How much the process grows while third-party connectors read. What is in one process belongs to nobody: when there is too much, the read during which it grew most is the
/// suspect, one at a time.
/// </summary>
internal sealed class ProcessGrowth(SupervisionLimits limits, TimeProvider time)
{
    private static readonly TimeSpan Often = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly List<Watch> _watches = [];
    private Watch? _suspect;

    /// <summary>Begins to watch one read; ends when disposed.</summary>
    public Watch Begin()
    {
        var watch = new Watch(this, GC.GetTotalMemory(forceFullCollection: false), Handles());
        lock (_lock)
            _watches.Add(watch);
        return watch;
    }

    private string? Judge(Watch watch)
    {
        lock (_lock)
        {
            if (_suspect is not null && _suspect != watch)
                return null;
            var handles = Handles() - watch.Handles;
            if (handles > limits.GrowthHandles && watch == _watches.MinBy(w => w.Handles))
            {
                _suspect = watch;
                return $"the hub held {handles:N0} more open files and sockets since it began to read, more than the {limits.GrowthHandles:N0} of 'supervision.growthHandles'";
            }

            // Collecting is dear, so that it comes only where what is not yet collected would be too much.
            if (GC.GetTotalMemory(forceFullCollection: false) - watch.Bytes <= limits.GrowthBytes || watch != _watches.MinBy(w => w.Bytes))
                return null;
            var bytes = GC.GetTotalMemory(forceFullCollection: true) - watch.Bytes;
            if (bytes <= limits.GrowthBytes)
                return null;
            _suspect = watch;
            return $"the hub's memory grew by {bytes >> 20:N0} MB since it began to read, more than the {limits.GrowthBytes >> 20:N0} MB of 'supervision.growthMegabytes'";
        }
    }

    private void End(Watch watch)
    {
        lock (_lock)
        {
            _watches.Remove(watch);
            if (_suspect == watch)
                _suspect = null;
        }
    }

    private static int Handles()
    {
        using var process = Process.GetCurrentProcess();
        return process.HandleCount;
    }

    /// <summary>One read.</summary>
    /// <param name="growth">Where it is judged.</param>
    /// <param name="bytes">Memory at its beginning.</param>
    /// <param name="handles">Open handles at its beginning.</param>
    internal sealed class Watch(ProcessGrowth growth, long bytes, int handles) : IDisposable
    {
        private readonly ProcessGrowth _growth = growth;
        private long _looked = growth.Now;

        public long Bytes => bytes;

        public int Handles => handles;

        /// <summary>What is too much, or <c>null</c>. Looks once a second, however often it is asked.</summary>
        public string? Excess()
        {
            if (_growth.Since(_looked) < Often)
                return null;
            _looked = _growth.Now;
            return _growth.Judge(this);
        }

        public void Dispose() => _growth.End(this);
    }

    private long Now => time.GetTimestamp();

    private TimeSpan Since(long timestamp) => time.GetElapsedTime(timestamp);
}
