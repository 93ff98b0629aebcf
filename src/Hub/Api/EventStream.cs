using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace IntegrationHub.Api;

/// <summary>Writes server-sent events (WHATWG HTML, 9.2). What is written goes out on flush, which waits for a reader that is slower than the hub.</summary>
internal sealed class EventStream(PipeWriter output)
{
    /// <summary>Bytes that are held before they go out in any case.</summary>
    private const int MostHeld = 64 * 1024;

    public ValueTask RetryAsync(TimeSpan pause, CancellationToken cancellationToken) => WriteAsync($"retry: {(long)pause.TotalMilliseconds}\n\n", cancellationToken);

    /// <summary>Says nothing to the reader, and to everything between that the connection is alive.</summary>
    public ValueTask CommentAsync(CancellationToken cancellationToken) => WriteAsync(":\n\n", cancellationToken);

    public async ValueTask EventAsync(long id, string name, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        await WriteAsync($"id: {id}\nevent: {name}\n", cancellationToken);
        // A line break would end the event; readers put one between two lines of data.
        foreach (var line in data.Span.SplitAny("\r\n"u8))
        {
            output.Write("data: "u8);
            output.Write(data.Span[line]);
            output.Write("\n"u8);
        }

        await WriteAsync("\n", cancellationToken);
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken) => await output.FlushAsync(cancellationToken);

    private async ValueTask WriteAsync(string text, CancellationToken cancellationToken)
    {
        Encoding.UTF8.GetBytes(text, output);
        if (output.UnflushedBytes > MostHeld)
            await FlushAsync(cancellationToken);
    }
}
