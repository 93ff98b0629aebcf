using IntegrationHub.Json;
using IntegrationHub.Mapping;

namespace IntegrationHub.Commands;

/// <summary>
/// Maps a stream of JSON Lines block by block: so many threads map while the calling one reads and writes, and blocks come out in order. Memory is bounded by the blocks in
/// work. Nothing here is asynchronous: the calling thread has nothing else to do, and what the runtime compiles for asynchronous methods delays the start of a short run.
/// </summary>
internal sealed class MapFile(MappingPlan plan, bool flat, int threads)
{
    // Large enough that handing over costs nothing, small enough that a block and what comes of it stay in a core's cache.
    private const int BlockBytes = 256 * 1024;
    private const int MaxLineBytes = 16 * 1024 * 1024;

    private readonly Stack<MappedBlock> _idle = new();
    private MappedBlock? _last;

    public long Records { get; private set; }

    public long Contributions { get; private set; }

    public long Rejected { get; private set; }

    public long Issues { get; private set; }

    /// <summary>The mapped blocks in order; each is valid until the next is asked for.</summary>
    public IEnumerable<MappedBlock> Run(Stream input)
    {
        var working = new Queue<Task<MappedBlock>>();
        foreach (var block in Blocks(input))
        {
            var done = working.Count == threads ? Take(working) : null;
            working.Enqueue(Task.Run(() => Map(block)));
            if (done is not null)
                yield return done;
        }

        while (working.Count > 0)
            yield return Take(working);
    }

    private MappedBlock Take(Queue<Task<MappedBlock>> working)
    {
        var block = working.Dequeue().GetAwaiter().GetResult();
        Records += block.Records;
        Contributions += block.Contributions;
        Rejected += block.Faults.Count;
        Issues += block.Issues;
        // To be used again one step later, when the caller has written it.
        if (_last is { } written)
            _idle.Push(written);
        _last = block;
        return block;
    }

    private IEnumerable<MappedBlock> Blocks(Stream input)
    {
        long line = 1;
        var rest = ReadOnlyMemory<byte>.Empty;
        while (true)
        {
            var block = _idle.TryPop(out var used) ? used : new(plan, BlockBytes);
            block.Reset(line, rest.Span);
            rest = default;
            var ended = false;
            while (!ended && (block.Length < BlockBytes || block.LastFeed < 0))
            {
                if (block.Length > MaxLineBytes)
                    block.SkipLine();
                // No more at once, however much room there is: a line that is too long has to be noticed.
                var room = block.Room(BlockBytes / 4);
                var read = input.Read(room.Span[..Math.Min(room.Length, BlockBytes)]);
                ended = read == 0;
                block.Filled(read);
            }

            if (!ended)
                rest = block.CutAfterLastFeed();
            line += block.Feeds;
            if (block.Length > 0 || block.Skipped)
                yield return block;
            if (ended)
                yield break;
        }
    }

    private MappedBlock Map(MappedBlock block)
    {
        var number = block.FirstLine;
        var bytes = block.Bytes;
        for (var start = 0; start < block.Length; number++)
        {
            var feed = bytes.AsSpan(start, block.Length - start).IndexOf((byte)'\n');
            var length = feed < 0 ? block.Length - start : feed;
            if (block.SkippedLine == number)
                block.Fault($"line {number}: longer than {MaxLineBytes:N0} bytes; it was passed over");
            else if (!bytes.AsSpan(start, length).Trim(" \t\r"u8).IsEmpty)
                MapLine(block, number, start, length);
            start += length + 1;
        }

        return block;
    }

    private void MapLine(MappedBlock block, long number, int start, int length)
    {
        block.Records++;
        var mapped = block.Mapper.Map(block.Bytes, start, length);
        if (mapped.Rejection is { } rejection)
        {
            block.Fault($"line {number}: rejected by {rejection.Rule}{(rejection.Path.Length > 0 ? $" ({rejection.Path})" : "")}: {rejection.Reason}");
            return;
        }

        block.Issues += mapped.Issues.Count;
        foreach (var contribution in mapped.Contributions)
        {
            block.Contributions++;
            if (flat)
                mapped.WriteFlat(contribution, block.Output);
            else
                block.Output.Write(mapped.Json(contribution));
            block.Output.WriteByte((byte)'\n');
        }
    }
}

/// <summary>Some whole lines, what came of them, and the mapper at work on them.</summary>
internal sealed class MappedBlock(MappingPlan plan, int size)
{
    private byte[] _bytes = new byte[size + (size / 2)];

    public Mapper Mapper { get; } = new(plan);

    public byte[] Bytes => _bytes;

    public int Length { get; private set; }

    public long FirstLine { get; private set; }

    /// <summary>Where the last line feed stands, or -1.</summary>
    public int LastFeed { get; private set; } = -1;

    public int Feeds { get; private set; }

    /// <summary>Number of a line that was too long, or 0.</summary>
    public long SkippedLine { get; private set; }

    public bool Skipped => SkippedLine > 0;

    public Utf8Output Output { get; } = new();

    public List<string> Faults { get; } = [];

    public long Records { get; set; }

    public long Contributions { get; set; }

    public long Issues { get; set; }

    public void Reset(long firstLine, ReadOnlySpan<byte> begun)
    {
        Length = Feeds = 0;
        LastFeed = -1;
        FirstLine = firstLine;
        SkippedLine = Records = Contributions = Issues = 0;
        Output.Clear();
        Faults.Clear();
        begun.CopyTo(Room(begun.Length).Span);
        Filled(begun.Length);
    }

    public Memory<byte> Room(int size)
    {
        if (_bytes.Length - Length < size)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + size));
        return _bytes.AsMemory(Length);
    }

    public void Filled(int count)
    {
        var added = _bytes.AsSpan(Length, count);
        if (Skipped && Feeds == 0)
        {
            // Inside a line that is too long: keep nothing of it until it ends.
            var end = added.IndexOf((byte)'\n');
            if (end < 0)
                return;
            added[end..].CopyTo(_bytes.AsSpan(Length));
            added = _bytes.AsSpan(Length, count - end);
            count -= end;
        }

        Feeds += added.Count((byte)'\n');
        var last = added.LastIndexOf((byte)'\n');
        if (last >= 0)
            LastFeed = Length + last;
        Length += count;
    }

    /// <summary>The line that fills the whole block is too long; forget it.</summary>
    public void SkipLine()
    {
        SkippedLine = FirstLine;
        Length = 0;
    }

    /// <summary>Ends the block after its last whole line; the returned rest belongs to the next.</summary>
    public ReadOnlyMemory<byte> CutAfterLastFeed()
    {
        var rest = _bytes.AsSpan(LastFeed + 1, Length - LastFeed - 1).ToArray();
        Length = LastFeed + 1;
        return rest;
    }

    public void Fault(string fault) => Faults.Add(fault);
}
