using System.Diagnostics;
using System.Globalization;
using IntegrationHub.Json;
using IntegrationHub.Mapping;

namespace IntegrationHub.Bench.Ideal;

/// <summary>
/// The hand-written mapping and the hub's in turn, in one process on one thread: the same lines from the same reader, the same flat JSON lines to a file. What is left
/// out is what <c>hub map</c> adds around the mapper: its start, its blocks and its threads. The programs take turns every 1,000 records, so that a ratio is one of neighbours:
/// it is steady where seconds are not.
/// </summary>
internal static class MapInProcess
{
    public static int Run(string input, string outputs, int runs, MappingPlan plan)
    {
        var ideal = new IdealContact();
        var mapper = new Mapper(plan);
        Program[] programs =
        [
            new("hand-written, in process (limit)", Path.Combine(outputs, "in-process-ideal.out"), (line, output) => ideal.Map(line, output)),
            new("mapping engine, in process", Path.Combine(outputs, "in-process-hub.out"), (line, output) => Map(mapper, line, output)),
        ];
        // Two passes that do not count: after them both are compiled as well as they will ever be.
        for (var run = -2; run < runs; run++)
        {
            foreach (var program in programs)
                program.Begin(input);
            bool more;
            do
            {
                more = true;
                foreach (var program in programs)
                    more &= program.Turn();
            }
            while (more);
            foreach (var program in programs)
                program.End(counts: run >= 0);
        }

        foreach (var program in programs)
            Console.WriteLine(program.Row(programs[0]));
        using var process = Process.GetCurrentProcess();
        Console.WriteLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Peak RSS of the process with both: {process.PeakWorkingSet64 >> 20} MiB."));
        return 0;
    }

    private static void Map(Mapper mapper, ArraySegment<byte> line, Utf8Output output)
    {
        var mapped = mapper.Map(line.Array!, line.Offset, line.Count);
        if (mapped.Rejection is { } rejection)
            throw new InvalidOperationException($"a generated record was rejected by {rejection.Rule}: {rejection.Reason}");
        foreach (var contribution in mapped.Contributions)
            mapped.WriteFlat(contribution, output);
    }

    private sealed class Program(string name, string file, Action<ArraySegment<byte>, Utf8Output> map) : IDisposable
    {
        private const int RecordsInTurn = 1_000;

        private readonly List<double> _seconds = [];
        private readonly List<double> _turns = [];
        private readonly List<double> _processor = [];
        private readonly Utf8Output _buffer = new();
        private Lines? _lines;
        private FileStream? _output;
        private TimeSpan _elapsed;
        private long _records;
        private long _allocated;

        public void Begin(string input)
        {
            _lines = new Lines(input);
            _output = new FileStream(file, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 0 });
            _elapsed = default;
            _records = _allocated = 0;
            _turns.Clear();
        }

        /// <returns>False at the end of the input.</returns>
        public bool Turn()
        {
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            var processor = Environment.CpuUsage.TotalTime;
            var started = Stopwatch.GetTimestamp();
            var taken = 0;
            for (; taken < RecordsInTurn && _lines!.TryNext(out var line); taken++)
            {
                map(line, _buffer);
                _buffer.WriteByte((byte)'\n');
            }

            _output!.Write(_buffer.Written);
            _buffer.Clear();
            _records += taken;
            _elapsed += Stopwatch.GetElapsedTime(started);
            if (taken > 0)
                _turns.Add((Environment.CpuUsage.TotalTime - processor).TotalSeconds);
            _allocated += GC.GetAllocatedBytesForCurrentThread() - allocated;
            return taken == RecordsInTurn;
        }

        public void End(bool counts)
        {
            Dispose();
            if (!counts)
                return;
            _seconds.Add(_elapsed.TotalSeconds);
            _processor.AddRange(_turns);
        }

        public void Dispose()
        {
            _lines?.Dispose();
            _output?.Dispose();
        }

        public string Row(Program limit) => string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {Median(_seconds):F2} | {_seconds.Min():F2} to {_seconds.Max():F2} | {_records / Median(_seconds):F0} | {Median(_seconds) / Median(limit._seconds):F2} | {Median([.. _processor.Zip(limit._processor, (mine, theirs) => mine / theirs)]):F2} | {_allocated / Math.Max(1, _records)} |");

        private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
    }
}
