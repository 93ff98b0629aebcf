using System.Net.Sockets;
using System.Security.Authentication;
using Amqp;
using Amqp.Framing;

namespace IntegrationHub.Delivery.Amqp;

/// <summary>What a failure means and what to check. Of a broker's words only its error condition, a symbol, is told: its texts may repeat what we sent.</summary>
internal static class AmqpFaults
{
    /// <summary>As Microsoft asks of clients of a busy namespace.</summary>
    private static readonly TimeSpan BusyPause = TimeSpan.FromSeconds(10);

    /// <summary>A connection or link that did not come to be.</summary>
    /// <param name="timeout">What an <see cref="OperationCanceledException"/> stands for.</param>
    public static SendResult NotOpened(Exception e, AmqpPeer peer, TimeSpan timeout) => e switch
    {
        AmqpException { Error: var error } => Failed($"{peer}: no link", error),
        AuthenticationException => SendResult.Failed($"{peer}: TLS failed; does this port speak TLS, and is the broker's certificate valid, made for {peer.Host}, and by an authority that is trusted ('authorities:')?"),
        AddressRefusedException refused => SendResult.Failed($"{peer}: {refused.Message}"),
        SocketException { SocketErrorCode: var code } => SendResult.Failed($"{peer}: no connection ({code}); is the broker running, and are host and port right?"),
        OperationCanceledException => SendResult.Failed($"{peer}: no link within {timeout.TotalSeconds:0} s; does this port speak {(peer.Tls ? "AMQP 1.0 over TLS" : "AMQP 1.0 without TLS")}, and is the broker well?"),
        IOException or ObjectDisposedException => SendResult.Failed($"{peer}: the connection broke while it was made; does this port speak {(peer.Tls ? "AMQP 1.0 over TLS" : "AMQP 1.0 without TLS")}?"),
        _ => SendResult.Failed($"{peer}: no link ({e.GetType().Name}); does this port speak AMQP 1.0?"),
    };

    /// <summary>A link that ended while it was in use.</summary>
    public static SendResult Lost(Error? error, AmqpPeer peer) => Failed($"{peer}: the connection or link ended before the broker settled the message", error);

    public static SendResult NotSettled(AmqpPeer peer, TimeSpan timeout) =>
        SendResult.Failed($"{peer}: the broker did not settle the message within {timeout.TotalSeconds:0} s; is the queue full, or the broker short of memory or disk?");

    public static SendResult TooLarge(AmqpPeer peer, long bytes, ulong most) =>
        SendResult.Failed($"{peer}: the message has {bytes:N0} bytes, the broker takes {most:N0}; let the subscription send fewer fields, or raise the broker's limit");

    /// <param name="outcome">As the broker settled, or <c>null</c> when it settled without saying how.</param>
    public static SendResult Settled(Outcome? outcome, AmqpPeer peer) => outcome switch
    {
        Accepted => SendResult.Delivered,
        Rejected rejected => Failed($"{peer}: the broker rejected the message", rejected.Error),
        Released => SendResult.Failed($"{peer}: the broker gave the message back without taking it (released); is there a queue behind the address, and does it have room?"),
        Modified => SendResult.Failed($"{peer}: the broker gave the message back without taking it (modified); is there a queue behind the address, and does it have room?"),
        _ => SendResult.Failed($"{peer}: the broker settled the message without saying whether it took it"),
    };

    private static SendResult Failed(string what, Error? error)
    {
        var condition = Condition(error);
        var advice = condition switch
        {
            "" => "",
            ErrorCode.NotFound or ErrorCode.ResourceDeleted or "com.microsoft:entity-not-found" => "there is no such queue or topic; is the name right, and does it exist? (RabbitMQ: declare the queue and write /amq/queue/NAME)",
            ErrorCode.UnauthorizedAccess or "com.microsoft:auth-failed" or "com.microsoft:token-expired" => "not permitted; are user and password (Service Bus: name and value of the key, and this machine's clock) right, and may they send there?",
            ErrorCode.NotAllowed => "not allowed; may this user send to this address, and does the queue take such messages (Service Bus: sessions, duplicate detection)?",
            ErrorCode.ResourceLimitExceeded or "com.microsoft:entity-quota-exceeded" => "a limit of the broker is reached; is the queue full?",
            ErrorCode.MessageSizeExceeded => "the message is larger than the broker takes; let the subscription send fewer fields, or raise the broker's limit",
            ErrorCode.NotImplemented => "the broker does not speak AMQP 1.0 here (RabbitMQ 3: enable the plugin rabbitmq_amqp1_0), or not the way we sign in: by user and password (PLAIN), or without (ANONYMOUS)",
            ErrorCode.PreconditionFailed => "a queue of this name is there with other properties (RabbitMQ: write /amq/queue/NAME for a queue that was declared with arguments)",
            ErrorCode.InvalidField or ErrorCode.DecodeError or ErrorCode.FramingError => "the two sides do not understand each other; does this port speak AMQP 1.0?",
            ErrorCode.ConnectionForced or ErrorCode.DetachForced => "the broker ended it, or the network did; its log may say why",
            "com.microsoft:server-busy" => "the namespace is busy",
            "com.microsoft:entity-disabled" => "the queue or topic is disabled",
            _ => "the broker's log may say why",
        };
        return SendResult.Failed(condition.Length == 0 ? what : $"{what} ({condition}): {advice}", condition == "com.microsoft:server-busy" ? BusyPause : null);
    }

    /// <summary>The condition when it looks like one.</summary>
    private static string Condition(Error? error) => (string?)error?.Condition is { Length: > 0 and <= 80 } condition
        && condition.All(c => char.IsAsciiLetterOrDigit(c) || c is ':' or '-' or '.' or '_') ? condition : "";
}
