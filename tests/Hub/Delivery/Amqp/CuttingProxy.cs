using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace IntegrationHub.Tests.Delivery.Amqp;

/// <summary>Passes connections on to a port until it is told to cut them.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<Socket> _open = [];
    private readonly int _behind;
    private readonly Task _accepting;

    public CuttingProxy(int behind)
    {
        _behind = behind;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Ends every connection at once, with what is on its way in either direction.</summary>
    public void Cut()
    {
        while (_open.TryTake(out var socket))
            socket.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        Cut();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptSocketAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(Socket front)
    {
        var back = new Socket(SocketType.Stream, ProtocolType.Tcp);
        _open.Add(front);
        _open.Add(back);
        try
        {
            await back.ConnectAsync(IPAddress.Loopback, _behind);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            front.Dispose();
            back.Dispose();
            return;
        }

        await Task.WhenAll(PassAsync(front, back), PassAsync(back, front));
    }

    private static async Task PassAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is var length and > 0)
                for (var sent = 0; sent < length;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, length - sent));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Cut.
        }

        from.Dispose();
        to.Dispose();
    }
}
