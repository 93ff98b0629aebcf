using System.Net;
using System.Net.Sockets;

namespace IntegrationHub.Tests.Client;

/// <summary>Stands between a client and a hub and cuts each connection after so many bytes of answers, in the middle of whatever they say.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Uri _hub;
    private readonly Func<int, int> _after;
    private readonly Task _accepting;
    private int _cuts;

    /// <param name="after">Bytes after which the connection of a number, from 0, is cut.</param>
    public CuttingProxy(Uri hub, Func<int, int> after)
    {
        _hub = hub;
        _after = after;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

    public int Cuts => Volatile.Read(ref _cuts);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(PassAsync(await _listener.AcceptSocketAsync(_end.Token), _after(connections.Count)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task PassAsync(Socket client, int most)
    {
        using var hub = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        try
        {
            await hub.ConnectAsync(_hub.Host, _hub.Port, over.Token);
            var up = CopyAsync(client, hub, int.MaxValue, over.Token);
            await Task.WhenAny(up, CopyAsync(hub, client, most, over.Token));
        }
        finally
        {
            // Reset, so that nothing of what is under way arrives.
            client.LingerState = new(true, 0);
            client.Dispose();
            await over.CancelAsync();
        }
    }

    private async Task CopyAsync(Socket from, Socket to, int most, CancellationToken cancellationToken)
    {
        var buffer = new byte[4096];
        try
        {
            while (most > 0)
            {
                var read = await from.ReceiveAsync(buffer.AsMemory(0, Math.Min(buffer.Length, most)), cancellationToken);
                if (read == 0)
                    return;
                await to.SendAsync(buffer.AsMemory(0, read), cancellationToken);
                most -= read;
            }

            Interlocked.Increment(ref _cuts);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Gone.
        }
    }
}
