using System.Net;
using System.Net.Sockets;

namespace IntegrationHub.Simulators.Demo;

/// <summary>Four ports in a row: the page, WeCom, Kingdee, e签宝.</summary>
public static class Ports
{
    /// <summary>The first port where nobody says otherwise.</summary>
    public const int Usual = 5081;

    private const int Count = 4;

    /// <summary>The first of four ports that are free now.</summary>
    /// <param name="first">Must be these, or <c>null</c> for any.</param>
    /// <exception cref="SocketException">One of the four is taken.</exception>
    public static int Take(int? first)
    {
        if (first is { } wanted)
        {
            Probe(wanted);
            return wanted;
        }

        for (var candidate = Usual; ; candidate = Random.Shared.Next(20_000, 30_000))
            try
            {
                Probe(candidate);
                return candidate;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                // Somebody else has one of them.
            }
    }

    private static void Probe(int first)
    {
        for (var port = first; port < first + Count; port++)
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                throw new SocketException((int)e.SocketErrorCode, $"port {port} is taken by another program (perhaps another demo)");
            }
        }
    }
}
