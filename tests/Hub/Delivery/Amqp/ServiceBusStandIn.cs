using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Channels;
using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using Amqp.Types;

namespace IntegrationHub.Tests.Delivery.Amqp;

/// <summary>
/// A namespace of Azure Service Bus as its AMQP guide describes it, with one queue <c>crm</c>: TLS, <c>$cbs</c> where a token is put, and links that need one. It
/// checks signature, resource, key and expiry of each token by itself, refuses links and messages without a good one, and drops a connection's links when its token
/// expires.
/// </summary>
internal sealed class ServiceBusStandIn : IDisposable
{
    public const string KeyName = "send only";

    private const string Resource = "sb://localhost/crm";

    private readonly ContainerHost _host;
    private readonly TimeProvider _time;
    private readonly ConditionalWeakTable<Connection, Rights> _rights = [];

    public ServiceBusStandIn(TimeProvider time, X509Certificate2 certificate)
    {
        _time = time;
        _host = new ContainerHost([new Address("127.0.0.1", Port, null, null, "/", "AMQPS")], certificate);
        _host.Listeners[0].SASL.EnableAnonymousMechanism = true;
        _host.RegisterRequestProcessor("$cbs", new Claims(this));
        _host.RegisterLinkProcessor(new Links(this));
        _host.Open();
    }

    public int Port { get; } = LoopbackPort.Free();

    public string Key { get; set; } = "c2VjcmV0LWtleS1vZi1hLXRlc3Q=";

    /// <summary>Answers of <c>$cbs</c> to come, such as 500; good tokens are accepted when there is none.</summary>
    public ConcurrentQueue<int> Answers { get; } = new();

    /// <summary>Status codes that were answered to tokens.</summary>
    public Channel<int> Tokens { get; } = Channel.CreateUnbounded<int>();

    /// <summary>Ids of messages that were taken.</summary>
    public Channel<string> Came { get; } = Channel.CreateUnbounded<string>();

    public ConcurrentQueue<ListenerLink> Attached { get; } = new();

    /// <summary>Everything in tokens that nobody else may see.</summary>
    public ConcurrentQueue<string> Signatures { get; } = new();

    public void Dispose() => _host.Close();

    private int Check(Message request, out DateTimeOffset expires)
    {
        expires = default;
        if (request.ApplicationProperties?["operation"] is not "put-token" || request.ApplicationProperties["type"] is not "servicebus.windows.net:sastoken" || request.Body is not string token)
            return 400;
        const string Scheme = "SharedAccessSignature ";
        if (!token.StartsWith(Scheme, StringComparison.Ordinal))
            return 400;
        var parts = token[Scheme.Length..].Split('&').Select(p => p.Split('=', 2)).ToDictionary(p => p[0], p => p[1]);
        Signatures.Enqueue(Uri.UnescapeDataString(parts["sig"]));
        var resource = Uri.UnescapeDataString(parts["sr"]);
        if (resource != (string)request.ApplicationProperties["name"])
            return 400;
        if (resource != Resource)
            return 404;
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Key), Encoding.UTF8.GetBytes(parts["sr"] + "\n" + parts["se"]));
        if (Uri.UnescapeDataString(parts["skn"]) != KeyName || !CryptographicOperations.FixedTimeEquals(signature, Convert.FromBase64String(Uri.UnescapeDataString(parts["sig"]))))
            return 401;
        expires = DateTimeOffset.FromUnixTimeSeconds(long.Parse(parts["se"]));
        return expires > _time.GetUtcNow() ? 202 : 401;
    }

    /// <summary>What one connection may do, and what hangs on it.</summary>
    private sealed class Rights
    {
        public DateTimeOffset Until { get; set; }

        public ConcurrentQueue<ListenerLink> Links { get; } = new();

        public ITimer? Expiry { get; set; }
    }

    private sealed class Claims(ServiceBusStandIn bus) : IRequestProcessor
    {
        public int Credit => 100;

        public void Process(RequestContext requestContext)
        {
            var status = bus.Check(requestContext.Message, out var expires);
            if (bus.Answers.TryDequeue(out var ordered))
                status = ordered;
            if (status == 202)
            {
                var rights = bus._rights.GetOrCreateValue(requestContext.Link.Session.Connection);
                rights.Until = expires;
                rights.Expiry?.Dispose();
                rights.Expiry = bus._time.CreateTimer(_ => Drop(rights), null, expires - bus._time.GetUtcNow(), Timeout.InfiniteTimeSpan);
            }

            var answer = new Message { ApplicationProperties = new() };
            answer.ApplicationProperties["status-code"] = status;
            answer.ApplicationProperties["status-description"] = "token " + requestContext.Message.Body;
            requestContext.Complete(answer);
            bus.Tokens.Writer.TryWrite(status);
        }

        private static void Drop(Rights rights)
        {
            while (rights.Links.TryDequeue(out var link))
                link.Close(TimeSpan.Zero, new Error(ErrorCode.UnauthorizedAccess) { Description = "ExpiredToken: " + AmqpRig.Password });
        }
    }

    private sealed class Links(ServiceBusStandIn bus) : ILinkProcessor
    {
        public void Process(AttachContext attachContext)
        {
            if (attachContext.Attach.Target is not Target { Address: "crm" })
            {
                attachContext.Complete(new Error(ErrorCode.NotFound));
            }
            else if (!bus._rights.TryGetValue(attachContext.Link.Session.Connection, out var rights) || rights.Until <= bus._time.GetUtcNow())
            {
                attachContext.Complete(new Error(ErrorCode.UnauthorizedAccess));
            }
            else
            {
                rights.Links.Enqueue(attachContext.Link);
                bus.Attached.Enqueue(attachContext.Link);
                attachContext.Complete(new Queue(bus, rights), 100);
            }
        }
    }

    private sealed class Queue(ServiceBusStandIn bus, Rights rights) : LinkEndpoint
    {
        public override void OnMessage(MessageContext messageContext)
        {
            if (rights.Until <= bus._time.GetUtcNow())
            {
                messageContext.Complete(new Error(ErrorCode.UnauthorizedAccess));
                return;
            }

            bus.Came.Writer.TryWrite(messageContext.Message.Properties.MessageId);
            messageContext.Complete();
        }

        public override void OnFlow(FlowContext flowContext)
        {
        }

        public override void OnDisposition(DispositionContext dispositionContext)
        {
        }
    }
}
