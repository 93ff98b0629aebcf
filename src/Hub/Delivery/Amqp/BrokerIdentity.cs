using Amqp.Framing;
using Amqp.Handler;
using Amqp.Types;
using EventId = Amqp.Handler.EventId;

namespace IntegrationHub.Delivery.Amqp;

/// <summary>What a broker says of itself when a connection opens.</summary>
internal sealed class BrokerIdentity : IHandler
{
    private string? _product;
    private string? _version;

    public bool CanHandle(EventId id) => id == EventId.ConnectionRemoteOpen;

    public void Handle(Event protocolEvent)
    {
        if (protocolEvent.Context is not Open { Properties: { } said })
            return;
        _product = said[(Symbol)"product"] as string;
        _version = said[(Symbol)"version"] as string;
    }

    /// <summary>RabbitMQ 3 accepts messages to a queue address of this form when there is no such queue, and drops them.</summary>
    public bool TakesMessagesForNobody(string address) =>
        _product == "RabbitMQ" && _version?.StartsWith("3.", StringComparison.Ordinal) == true && address.StartsWith("/amq/queue/", StringComparison.Ordinal);
}
