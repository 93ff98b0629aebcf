using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace IntegrationHub.Bench.Delivery;

/// <summary>The cheapest HTTP server there can be: reads requests with a Content-Length, counts them, answers 204. What is measured against it is the sender.</summary>
internal sealed class LoopbackReceiver : IDisposable
{
    private static readonly byte[] Answer = "HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray();

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private long _received;

    public LoopbackReceiver()
    {
        _listener.Start(512);
        _ = AcceptAsync();
    }

    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/hooks");

    public long Received => Interlocked.Read(ref _received);

    /// <summary>Shown every request, headers and body; runs on many threads.</summary>
    public Action<ReadOnlyMemory<byte>>? Requested { get; set; }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptSocketAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        socket.NoDelay = true;
        var buffer = new byte[256 * 1024];
        var filled = 0;
        try
        {
            while (true)
            {
                var read = await socket.ReceiveAsync(buffer.AsMemory(filled));
                if (read == 0)
                    return;
                filled += read;
                while (Length(buffer.AsSpan(0, filled)) is var length and > 0 && filled >= length)
                {
                    Requested?.Invoke(buffer.AsMemory(0, length));
                    buffer.AsSpan(length, filled - length).CopyTo(buffer);
                    filled -= length;
                    Interlocked.Increment(ref _received);
                    await socket.SendAsync(Answer);
                }
            }
        }
        catch (SocketException)
        {
            // The sender is done.
        }
        finally
        {
            socket.Dispose();
        }
    }

    /// <summary>Bytes of the first request, or 0 while its headers are not complete.</summary>
    private static int Length(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return 0;
        var header = bytes[..end].IndexOf("Content-Length: "u8);
        var digits = bytes[(header + 16)..];
        return end + 4 + int.Parse(Encoding.ASCII.GetString(digits[..digits.IndexOf((byte)'\r')]), CultureInfo.InvariantCulture);
    }
}
