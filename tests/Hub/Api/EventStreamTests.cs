using System.IO.Pipelines;
using System.Net.ServerSentEvents;
using System.Text;
using IntegrationHub.Api;

namespace IntegrationHub.Tests.Api;

public class EventStreamTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_written_is_read_by_the_platforms_reader()
    {
        var pipe = new Pipe();
        var stream = new EventStream(pipe.Writer);
        await stream.RetryAsync(TimeSpan.FromSeconds(2), Cancel);
        await stream.CommentAsync(Cancel);
        await stream.EventAsync(7, "change", Encoding.UTF8.GetBytes("""{"name":"深圳"}"""), Cancel);
        await stream.EventAsync(8, "change", "{\n}"u8.ToArray(), Cancel);
        await stream.EventAsync(9, "position", default, Cancel);
        await stream.FlushAsync(Cancel);
        await pipe.Writer.CompleteAsync();
        var read = await SseParser.Create(pipe.Reader.AsStream()).EnumerateAsync(Cancel).ToListAsync(Cancel);
        Assert.Equal([("7", "change", """{"name":"深圳"}"""), ("8", "change", "{\n}"), ("9", "position", "")], read.Select(e => (e.EventId!, e.EventType, e.Data)));
        Assert.Equal(TimeSpan.FromSeconds(2), read[0].ReconnectionInterval);
    }

    [Fact]
    public async Task A_slow_reader_is_waited_for_with_little_in_hand()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1024, resumeWriterThreshold: 512));
        var stream = new EventStream(pipe.Writer);
        var written = 0;
        var writing = Task.Run(async () =>
        {
            for (; written < 100; written++)
                await stream.EventAsync(written, "change", new byte[10_000], Cancel);
            await stream.FlushAsync(Cancel);
            await pipe.Writer.CompleteAsync();
        }, Cancel);
        var held = (await pipe.Reader.ReadAtLeastAsync(64 * 1024, Cancel)).Buffer.Length;
        Assert.InRange(held, 64 * 1024, 64 * 1024 + 11_000);
        pipe.Reader.AdvanceTo(default);
        Assert.InRange(Volatile.Read(ref written), 6, 8);
        await pipe.Reader.CopyToAsync(Stream.Null, Cancel);
        await writing;
        Assert.Equal(100, written);
    }
}
