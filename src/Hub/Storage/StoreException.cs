namespace IntegrationHub.Storage;

/// <summary>The store could not do what was asked; what was committed before is safe.</summary>
/// <param name="message">What failed and what to do.</param>
/// <param name="transient">Trying again may help.</param>
public sealed class StoreException(string message, bool transient = false) : Exception(message)
{
    public bool IsTransient { get; } = transient;
}
