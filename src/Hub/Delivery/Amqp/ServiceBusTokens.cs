using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace IntegrationHub.Delivery.Amqp;

/// <summary>
/// Claims-based security of Azure Service Bus: a token is put to the node <c>$cbs</c> of a connection and gives it the right to send until it expires. A new one is
/// put while messages flow; the broker swaps them without a gap.
/// </summary>
internal sealed partial class ServiceBusTokens(Connection connection, ServiceBusAccess access, AmqpPeer peer, AmqpOptions options, TimeProvider time, ILogger log)
{
    private const string Node = "$cbs";

    private readonly string _resource = $"sb://{access.Host}/{peer.Address}";

    /// <summary>Puts a token, over links of its own: the broker drops links that rest.</summary>
    /// <exception cref="AmqpException">The broker refused it.</exception>
    public async Task PutAsync(CancellationToken cancellationToken)
    {
        var reply = new TaskCompletionSource<Message?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var name = $"integration-hub-cbs-{Guid.NewGuid():N}";
        var session = new Session(connection);
        try
        {
            var receiver = new ReceiverLink(session, name, new Attach { Source = new Source { Address = Node }, Target = new Target { Address = name } }, null);
            var sender = new SenderLink(session, name, Node);
            receiver.Start(1, (_, message) => reply.TrySetResult(message));
            receiver.AddClosedCallback((_, _) => reply.TrySetResult(null));
            sender.AddClosedCallback((_, _) => reply.TrySetResult(null));
            var expires = time.GetUtcNow() + options.TokenLifetime;
            var request = new Message(SasToken.Create(_resource, access.KeyName, access.Key, expires))
            {
                Properties = new Properties { MessageId = name, To = Node, ReplyTo = name },
                ApplicationProperties = new(),
            };
            request.ApplicationProperties["operation"] = "put-token";
            request.ApplicationProperties["type"] = "servicebus.windows.net:sastoken";
            request.ApplicationProperties["name"] = _resource;
            request.ApplicationProperties["expiration"] = expires.UtcDateTime;
            sender.Send(request, static (_, _, outcome, state) =>
            {
                if (outcome is not Accepted)
                    ((TaskCompletionSource<Message?>)state).TrySetResult(null);
            }, reply);
            var answer = await reply.Task.WaitAsync(cancellationToken) ?? throw new AmqpException(sender.Error ?? receiver.Error ?? session.Error ?? new Error(ErrorCode.DetachForced));
            if (answer.ApplicationProperties?["status-code"] is not (int and >= 200 and < 300))
                throw new AmqpException(Refusal(answer.ApplicationProperties?["status-code"] as int?));
            receiver.Accept(answer);
        }
        finally
        {
            session.Close(TimeSpan.Zero);
        }
    }

    /// <summary>Puts tokens until cancelled; one that cannot be put is tried again while the last is good.</summary>
    public async Task RenewAsync(CancellationToken cancellationToken)
    {
        var left = options.TokenLifetime / 5;
        var wait = options.TokenLifetime - left;
        while (true)
        {
            await Task.Delay(wait, time, cancellationToken);
            using var bound = new CancellationTokenSource(options.Timeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellationToken);
            try
            {
                await PutAsync(either.Token);
                wait = options.TokenLifetime - left;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                wait = left / 8;
                NotRenewed(log, AmqpFaults.NotOpened(e, peer, options.Timeout).Reason);
            }
        }
    }

    private static Error Refusal(int? status) => new(status switch
    {
        401 or 403 => ErrorCode.UnauthorizedAccess,
        404 => ErrorCode.NotFound,
        503 => (Symbol)"com.microsoft:server-busy",
        _ => ErrorCode.InternalError,
    });

    [LoggerMessage(71, LogLevel.Warning, "the token for Azure Service Bus was not renewed, tried again until it expires: {Reason}")]
    private static partial void NotRenewed(ILogger log, string reason);
}
