namespace IntegrationHub.Host;

/// <summary>The machine does not let the hub run as it is configured; says what to do. The command line ends with exit code 3.</summary>
public sealed class HubEnvironmentException(string message, Exception? inner = null) : Exception(message, inner);
