namespace IntegrationHub.Sovereignty.Log.Witness;

/// <summary>Too few witnesses have signed; it is tried again.</summary>
public sealed class WitnessException(string message) : Exception(message);
