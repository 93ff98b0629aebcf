using System.Globalization;
using System.Net;

namespace IntegrationHub.Delivery;

/// <summary>One entry of <c>delivery: allowInside</c>: a host by its name, or a network, in either case perhaps on one port only.</summary>
internal sealed record InsideRule
{
    private InsideRule()
    {
    }

    private IPNetwork? Network { get; init; }

    private string? Host { get; init; }

    private int? Port { get; init; }

    /// <summary>Whether a network is meant, so that any name could lead there.</summary>
    public bool IsNetwork => Network is not null;

    /// <returns>The rule, or what is wrong with the entry.</returns>
    public static (InsideRule? Rule, string? Fault) Parse(string entry)
    {
        if (entry.Contains('/'))
        {
            var text = entry.Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal);
            // Bits behind the prefix are a slip: the platform would drop them, and open more than was meant.
            return IPNetwork.TryParse(text, out var network) && network.BaseAddress.Equals(IPAddress.Parse(text.AsSpan(0, text.IndexOf('/')))) && !network.BaseAddress.IsIPv4MappedToIPv6
                ? (new() { Network = network }, null)
                : (null, $"'{entry}' is no network, such as 10.1.0.0/16 or [fd00::]/8 (bits behind the prefix must be 0)");
        }

        var colon = entry.LastIndexOf(':');
        int? port = null;
        var host = entry;
        if (colon >= 0 && !entry.EndsWith(']'))
        {
            if (!ushort.TryParse(entry.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0)
                return (null, $"'{entry}': behind the colon a port from 1 to 65535 is expected");
            (port, host) = (number, entry[..colon]);
        }

        var bracketed = host.StartsWith('[') && host.EndsWith(']');
        if (!bracketed && host.Contains(':'))
            return (null, $"'{entry}': an IPv6 address stands in brackets, such as [fd00::1] or [fd00::1]:5671");
        host = bracketed ? host[1..^1] : AddressGuard.Normal(host);
        if (IPAddress.TryParse(host, out var address))
            return (new() { Network = new(AddressRange.Plain(address), AddressRange.Plain(address).GetAddressBytes().Length * 8), Port = port }, null);
        return !bracketed && Uri.CheckHostName(host) == UriHostNameType.Dns
            ? (new() { Host = host, Port = port }, null)
            : (null, $"'{entry}' is no host, host:port or network, such as crm.internal, crm.internal:8443 or 10.1.0.0/16");
    }

    public bool Names(string host, int port) => Host == host && (Port ?? port) == port;

    public bool Contains(IPAddress address, int port) => Network is { } network && network.Contains(address) && (Port ?? port) == port;
}
