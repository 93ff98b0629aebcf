using System.Security.Cryptography.X509Certificates;

namespace IntegrationHub.Delivery.Amqp;

/// <summary>A broker and our place at it, with secrets in the open: never logged, and no record, so that it prints as its name.</summary>
/// <param name="address">Target address of messages.</param>
/// <param name="name">For people, see <see cref="AmqpOptions.Target"/>.</param>
internal sealed class AmqpPeer(string host, int port, bool tls, string address, string name)
{
    public string Host { get; } = host;

    public int Port { get; } = port;

    public bool Tls { get; } = tls;

    public string Address { get; } = address;

    /// <summary>Connects, where the hub goes at all.</summary>
    public required AddressGuard Guard { get; init; }

    public string? User { get; init; }

    public string? Password { get; init; }

    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>Set for Azure Service Bus: rights come by tokens, not by user and password.</summary>
    public ServiceBusAccess? Access { get; init; }

    public override string ToString() => name;
}
