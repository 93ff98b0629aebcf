using Amqp;

namespace IntegrationHub.Delivery.Amqp;

internal static class Closing
{
    /// <summary>Closes in the time given; what goes wrong with that is of no interest to anybody.</summary>
    public static async Task CloseQuietlyAsync(this AmqpObject closed, TimeSpan timeout)
    {
        try
        {
            await closed.CloseAsync(timeout);
        }
        catch (Exception)
        {
            // It is given up all the same.
        }
    }
}
