using System.Net;
using System.Net.Sockets;

namespace IntegrationHub.Delivery;

/// <summary>
/// Connects to destinations that others have named, and to nothing else: a name is looked up here, every address it has is checked, and the connection goes
/// to a checked address, so that a name that leads elsewhere a moment later harms nothing. Only public addresses, and what the operator lists
/// (<see cref="DeliveryLimits.AllowInside"/>).
/// </summary>
internal sealed class AddressGuard
{
    /// <summary>Addresses of one host that are tried; all are checked.</summary>
    private const int MostTried = 8;

    private static readonly TimeSpan AttemptLimit = TimeSpan.FromSeconds(5);

    private readonly List<InsideRule> _rules = [];
    private readonly TimeProvider _time;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;

    /// <param name="allowInside">See <see cref="DeliveryLimits.AllowInside"/>.</param>
    /// <param name="resolve">Looks names up; the system's resolver when left out.</param>
    /// <exception cref="SinkException">An entry cannot be read.</exception>
    public AddressGuard(IEnumerable<string> allowInside, TimeProvider time, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
    {
        foreach (var entry in allowInside)
        {
            var (rule, fault) = InsideRule.Parse(entry);
            _rules.Add(rule ?? throw new SinkException($"delivery.allowInside: {fault}"));
        }

        _time = time;
        _resolve = resolve ?? Dns.GetHostAddressesAsync;
    }

    /// <summary>What is wrong with an entry of <c>allowInside</c>, or <c>null</c>.</summary>
    public static string? Fault(string entry) => InsideRule.Parse(entry).Fault;

    /// <summary>Whether the operator's list could open this host; without looking it up.</summary>
    public bool MayBeInside(string host, int port)
    {
        host = Normal(host);
        return IPAddress.TryParse(host, out var literal)
            ? _rules.Any(r => r.Contains(AddressRange.Plain(literal), port))
            : _rules.Any(r => r.IsNetwork || r.Names(host, port));
    }

    /// <summary>The addresses of a host, all of them checked. Connect to one of these and never to the name.</summary>
    /// <param name="onlyInside">Only what the operator lists: for protocols without encryption.</param>
    /// <exception cref="AddressRefusedException">One of the addresses is not allowed.</exception>
    /// <exception cref="SocketException">The name cannot be looked up.</exception>
    public async ValueTask<IReadOnlyList<IPEndPoint>> ResolveAsync(string host, int port, bool onlyInside, CancellationToken cancellationToken)
    {
        host = Normal(host);
        // The wait ends with the token even where the system's resolver cannot be called off.
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await _resolve(host, cancellationToken).WaitAsync(cancellationToken);
        if (addresses.Length == 0)
            throw new SocketException((int)SocketError.HostNotFound);
        var plain = addresses.Select(AddressRange.Plain).ToList();
        foreach (var address in plain)
            if (Refusal(host, port, address, onlyInside) is { } refusal)
                throw new AddressRefusedException(refusal);
        return [.. plain.Select(a => new IPEndPoint(a, port))];
    }

    /// <summary>Connects to the first checked address that answers.</summary>
    /// <inheritdoc cref="ResolveAsync"/>
    public async ValueTask<Socket> ConnectAsync(string host, int port, bool onlyInside, CancellationToken cancellationToken)
    {
        var endpoints = await ResolveAsync(host, port, onlyInside, cancellationToken);
        SocketException? last = null;
        foreach (var endpoint in endpoints.Take(MostTried))
        {
            Socket? socket = null;
            using var limit = new CancellationTokenSource(AttemptLimit, _time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            try
            {
                socket = new(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(endpoint, both.Token);
                return socket;
            }
            catch (SocketException e)
            {
                last = e;
                socket?.Dispose();
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                last = new((int)SocketError.TimedOut);
                socket?.Dispose();
            }
            catch
            {
                socket?.Dispose();
                throw;
            }
        }

        throw last!;
    }

    /// <summary>As names are compared.</summary>
    internal static string Normal(string host) => host.Trim('[', ']').TrimEnd('.').ToLowerInvariant();

    private string? Refusal(string host, int port, IPAddress address, bool onlyInside)
    {
        var range = AddressRange.Of(address);
        var inNetwork = _rules.Any(r => r.Contains(address, port));
        var listed = inNetwork || _rules.Any(r => r.Names(host, port));
        var leads = address.ToString() == host ? $"{host} is {range.Name}" : $"{host} leads to {address}, {range.Name}";
        return range.Kind switch
        {
            AddressKind.Nowhere => leads,
            AddressKind.Special when !inNetwork => $"{leads}; list its network in 'delivery: allowInside' of hub.yaml if that is meant",
            AddressKind.Inside when !listed => $"{leads}; destinations inside are reached when 'delivery: allowInside' in hub.yaml lists them",
            AddressKind.Public when onlyInside && !listed => $"{leads}; without TLS only destinations that 'delivery: allowInside' in hub.yaml lists are reached",
            _ => null,
        };
    }
}

/// <summary>A destination leads where the hub does not go; the message says where, and what to do if it should.</summary>
internal sealed class AddressRefusedException(string message) : Exception(message);
