using System.Net;
using System.Net.Sockets;
using System.Text;

namespace IntegrationHub.Tests.Delivery.Webhooks;

/// <summary>A receiver that says byte for byte what the test wants, in HTTP or not.</summary>
internal sealed class RawReceiver : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _accepting;
    private int _connections;

    /// <param name="serve">Called for each connection, once the first request was read; the connection is closed when it comes back.</param>
    public RawReceiver(Func<Socket, CancellationToken, Task> serve)
    {
        _listener.Start();
        _accepting = AcceptAsync(serve);
    }

    public int Connections => Volatile.Read(ref _connections);

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public Uri Url => new($"http://127.0.0.1:{Port}/hooks");

    public static async Task SayAsync(Socket socket, string text, CancellationToken cancellationToken) => await socket.SendAsync(Encoding.Latin1.GetBytes(text), cancellationToken);

    /// <summary>Comes back when the other side has closed or reset the connection.</summary>
    public static async Task ClosedAsync(Socket socket, CancellationToken cancellationToken)
    {
        try
        {
            var buffer = new byte[1024];
            while (await socket.ReceiveAsync(buffer, cancellationToken) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Reset: closed as well.
        }
    }

    /// <summary>Reads one request with its body.</summary>
    public static async Task ReadRequestAsync(Socket socket, CancellationToken cancellationToken)
    {
        var read = new StringBuilder();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var count = await socket.ReceiveAsync(buffer, cancellationToken);
            if (count == 0)
                throw new IOException("closed before the request was complete");
            read.Append(Encoding.Latin1.GetString(buffer, 0, count));
            var text = read.ToString();
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0)
                continue;
            var length = int.Parse(text[..end].Split("\r\n").Single(l => l.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))["Content-Length:".Length..]);
            if (text.Length >= end + 4 + length)
                return;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync(Func<Socket, CancellationToken, Task> serve)
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync(_end.Token);
                Interlocked.Increment(ref _connections);
                serving.Add(ServeAsync(socket, serve));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(Socket socket, Func<Socket, CancellationToken, Task> serve)
    {
        using (socket)
            try
            {
                await ReadRequestAsync(socket, _end.Token);
                await serve(socket, _end.Token);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // The sender hung up, or the test is over.
            }
    }
}
