namespace IntegrationHub.Client;

/// <summary>A request is not a genuine webhook of the hub: answer with 401 and do nothing. The message says why, for your log.</summary>
public sealed class WebhookException : Exception
{
    internal WebhookException(string message) : base(message)
    {
    }
}
