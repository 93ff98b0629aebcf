using System.Net;
using System.Net.Sockets;

namespace IntegrationHub.Tests;

/// <summary>Ports for servers that a test stops and starts again at the same place.</summary>
internal static class LoopbackPort
{
    // Linux hands out 32768 and up, to clients and to servers that ask for any port, whenever a server is between two lives.
    private const int First = 10_000;
    private const int End = 32_768;

    private static readonly HashSet<int> Given = [];

    /// <summary>A port of the loopback address that nobody listens on, that was not returned before in this process, and that the system gives to nobody of its own accord.</summary>
    public static int Free()
    {
        lock (Given)
            while (true)
            {
                var port = Random.Shared.Next(First, End);
                if (!Given.Contains(port) && IsFree(port))
                {
                    Given.Add(port);
                    return port;
                }
            }
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
    }
}
