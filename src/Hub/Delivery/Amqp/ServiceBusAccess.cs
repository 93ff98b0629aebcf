namespace IntegrationHub.Delivery.Amqp;

/// <summary>A connection string of Azure Service Bus: <c>Endpoint=sb://HOST/;SharedAccessKeyName=NAME;SharedAccessKey=KEY;EntityPath=ENTITY</c>.</summary>
internal sealed class ServiceBusAccess
{
    private const int TlsPort = 5671;

    private ServiceBusAccess(Uri endpoint, string keyName, string key, string? entity)
    {
        Host = endpoint.IdnHost;
        Port = endpoint.Port > 0 ? endpoint.Port : TlsPort;
        KeyName = keyName;
        Key = key;
        Entity = entity;
    }

    public string Host { get; }

    public int Port { get; }

    public string KeyName { get; }

    /// <summary>The secret.</summary>
    public string Key { get; }

    public string? Entity { get; }

    /// <param name="fault">What is wrong, without any value of the text.</param>
    public static ServiceBusAccess? Parse(string text, out string fault)
    {
        var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            if (part.IndexOf('=', StringComparison.Ordinal) is var at and > 0)
                parts[part[..at]] = part[(at + 1)..];
        fault = "expected Endpoint=sb://HOST/;SharedAccessKeyName=NAME;SharedAccessKey=KEY, and EntityPath=ENTITY or 'entity:'";
        if (parts.ContainsKey("SharedAccessSignature"))
            fault = "a ready-made SharedAccessSignature cannot be renewed; give SharedAccessKeyName and SharedAccessKey";
        else if (parts.TryGetValue("Endpoint", out var endpoint) && Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) && uri is { Scheme: "sb", Host.Length: > 0 }
            && parts.TryGetValue("SharedAccessKeyName", out var name) && parts.TryGetValue("SharedAccessKey", out var key) && name.Length > 0 && key.Length > 0)
            return new(uri, name, key, parts.GetValueOrDefault("EntityPath"));
        return null;
    }

    public override string ToString() => Host;
}
