using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Amqp;
using Amqp.Framing;
using Amqp.Listener;

namespace IntegrationHub.Tests.Delivery.Amqp;

/// <summary>
/// A queue <c>crm</c> behind AMQP 1.0 on a port of its own whose manners a test decides, message by message. It knows no other address.
/// </summary>
internal sealed class StandInBroker : IDisposable
{
    private readonly ContainerHost _host;

    /// <param name="answer">How a message is settled; <c>null</c> leaves it unsettled.</param>
    public StandInBroker(Func<Message, DeliveryState?> answer, int credit = 1_000, ulong largest = 0, X509Certificate2? certificate = null)
    {
        var address = new Address("127.0.0.1", Port, null, null, "/", certificate is null ? "AMQP" : "AMQPS");
        _host = certificate is null ? new ContainerHost([address]) : new ContainerHost([address], certificate);
        foreach (var listener in _host.Listeners)
            listener.SASL.EnableAnonymousMechanism = true;
        _host.RegisterLinkProcessor(new Links(this, answer, credit, largest));
        _host.Open();
    }

    public int Port { get; } = LoopbackPort.Free();

    public string Url => $"amqp://127.0.0.1:{Port}";

    /// <summary>Ids of messages in the order they came, settled or not.</summary>
    public Channel<string> Came { get; } = Channel.CreateUnbounded<string>();

    public ConcurrentQueue<ListenerLink> Attached { get; } = new();

    public void Dispose() => _host.Close();

    private sealed class Links(StandInBroker broker, Func<Message, DeliveryState?> answer, int credit, ulong largest) : ILinkProcessor
    {
        public void Process(AttachContext attachContext)
        {
            if (attachContext.Attach.Target is not Target { Address: "crm" })
            {
                attachContext.Complete(new Error(ErrorCode.NotFound) { Description = AmqpRig.Password });
                return;
            }

            broker.Attached.Enqueue(attachContext.Link);
            attachContext.Attach.MaxMessageSize = largest;
            attachContext.Complete(new Endpoint(broker, answer), credit);
        }
    }

    private sealed class Endpoint(StandInBroker broker, Func<Message, DeliveryState?> answer) : LinkEndpoint
    {
        public override void OnMessage(MessageContext messageContext)
        {
            var state = answer(messageContext.Message);
            broker.Came.Writer.TryWrite(messageContext.Message.Properties.MessageId);
            if (state is not null)
                messageContext.Link.DisposeMessage(messageContext.Message, state, true);
        }

        public override void OnFlow(FlowContext flowContext)
        {
        }

        public override void OnDisposition(DispositionContext dispositionContext)
        {
        }
    }
}
