namespace IntegrationHub.Delivery.Amqp;

/// <summary>An event on its way through the sink; completes once, with the first thing that becomes known.</summary>
internal sealed class AmqpSend(OutboundEvent of) : TaskCompletionSource<SendResult>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public OutboundEvent Event { get; } = of;

    /// <summary>What it was handed to.</summary>
    public AmqpLink? Link { get; set; }

    /// <summary>Timestamp of when it was handed over.</summary>
    public long At { get; set; }

    public bool IsOver => Task.IsCompleted;
}
