using System.Text;
using IntegrationHub.Connectors.Tests.Ocds;
using IntegrationHub.Sdk.Reading;

namespace IntegrationHub.Connectors.Tests.Sdk.Reading;

public class JsonLinesReaderTests
{
    private const string Chinese = "{\"标题\":\"上海市政府采购\"}\n{\"名\":\"𠮷野家有限公司\"}\r\n\n  {\"末\":\"完\"}  ";

    [Fact]
    public async Task Any_chunk_size_gives_the_same_lines_byte_for_byte()
    {
        var bytes = Encoding.UTF8.GetBytes(Chinese);
        for (var size = 1; size <= bytes.Length; size++)
        {
            var lines = await Read(new ChunkStream(bytes, size));
            Assert.Equal(["{\"标题\":\"上海市政府采购\"}", "{\"名\":\"𠮷野家有限公司\"}", "{\"末\":\"完\"}"], lines.Select(l => l.Bytes.Text()));
            Assert.Equal([1, 2, 4], lines.Select(l => l.Number));
        }
    }

    [Fact]
    public async Task Reading_again_from_next_gives_the_rest()
    {
        var bytes = Encoding.UTF8.GetBytes(Chinese);
        var all = await Read(new MemoryStream(bytes));
        foreach (Stream stream in new Stream[] { new MemoryStream(bytes), new ChunkStream(bytes, 3) })
            Assert.Equal(
                all.Skip(1).Select(l => (l.Number, l.Offset, l.Bytes.Text())),
                (await Read(stream, start: all[0].Next)).Select(l => (l.Number, l.Offset, l.Bytes.Text())));
    }

    [Fact]
    public async Task Byte_order_mark_is_skipped()
    {
        var line = Assert.Single(await Read(new MemoryStream([0xEF, 0xBB, 0xBF, .. "{}"u8])));
        Assert.Equal("{}", line.Bytes.Text());
    }

    [Fact]
    public async Task Line_of_exactly_the_limit_passes_and_one_more_byte_does_not()
    {
        var lines = await Read(new MemoryStream("12345\r\n123456\n1\n"u8.ToArray()), max: 5);
        Assert.Equal([false, true, false], lines.Select(l => l.IsTooLong));
        Assert.Equal(6, lines[1].Length);
    }

    [Fact]
    public async Task Offset_beyond_the_end_is_refused() =>
        await Assert.ThrowsAsync<EndOfStreamException>(() => Read(new MemoryStream([1, 2]), start: new JsonLinePosition(1, 3)));

    [Fact]
    public async Task Endless_line_is_read_past_with_little_memory()
    {
        const long length = 200L * 1024 * 1024;
        // Of this thread alone: other tests allocate meanwhile. The stream is in memory, so nothing leaves the thread.
        var (before, thread) = (GC.GetAllocatedBytesForCurrentThread(), Environment.CurrentManagedThreadId);
        var lines = await Read(new LongLine(length), max: 1024 * 1024);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 16 * 1024 * 1024);
        Assert.Equal(thread, Environment.CurrentManagedThreadId);
        Assert.Equal([true, false], lines.Select(l => l.IsTooLong));
        Assert.Equal(length, lines[0].Length);
        Assert.Equal("{}", lines[1].Bytes.Text());
    }

    private static async Task<List<JsonLine>> Read(Stream stream, int max = 1024 * 1024, JsonLinePosition start = default)
    {
        var lines = new List<JsonLine>();
        await foreach (var line in JsonLinesReader.ReadAsync(stream, max, start, TestContext.Current.CancellationToken))
            lines.Add(line);
        return lines;
    }

    /// <summary>A line of x, then <c>{}</c>, without holding it.</summary>
    private sealed class LongLine(long length) : MemoryStream
    {
        private long _given;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_given < length)
            {
                var count = (int)Math.Min(buffer.Length, length - _given);
                buffer.Span[..count].Fill((byte)'x');
                _given += count;
                return ValueTask.FromResult(count);
            }

            ReadOnlySpan<byte> end = "\n{}"u8;
            var rest = (int)(length + end.Length - _given);
            end[^rest..].CopyTo(buffer.Span);
            _given += rest;
            return ValueTask.FromResult(rest);
        }
    }
}
