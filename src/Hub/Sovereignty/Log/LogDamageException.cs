namespace IntegrationHub.Sovereignty.Log;

/// <summary>The log is not what was signed. Nothing may be signed on top of it; the message names the place and what to do.</summary>
public sealed class LogDamageException(string message) : Exception(message);
