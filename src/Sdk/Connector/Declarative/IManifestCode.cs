using System.Text.Json;
using IntegrationHub.Sdk.Http;

namespace IntegrationHub.Sdk.Declarative;

/// <summary>
/// Code for one slot of a declarative connector, for what its manifest cannot say. The manifest names it (<c>code: NAME</c>); everything else stays in the manifest.
/// One object serves all connections, at the same time; it keeps nothing.
/// </summary>
public interface IManifestCode
{
    /// <summary>The name the manifest uses, unique in the hub, such as <c>acme-signature</c>.</summary>
    string Name { get; }
}

/// <summary>The slot <c>auth</c>: signs every request.</summary>
public interface ISignRequests : IManifestCode
{
    /// <summary>Adds the signature. Called once for every attempt; does no I/O.</summary>
    /// <param name="message">What will be sent; its content is <see cref="VendorRequest.Body"/>.</param>
    /// <param name="request">The same as the runtime built it.</param>
    /// <param name="settings">The connection's settings by name. Never log them.</param>
    /// <param name="now">The time to sign with.</param>
    void Sign(HttpRequestMessage message, VendorRequest request, IReadOnlyDictionary<string, JsonElement> settings, DateTimeOffset now);
}

/// <summary>The slot <c>answers</c>: turns what the vendor answers into JSON, such as XML, CSV, or an encrypted envelope.</summary>
public interface IDecodeAnswers : IManifestCode
{
    /// <summary>The answer as JSON, UTF-8. It sees good answers only; does no I/O.</summary>
    /// <param name="body">The body of the answer.</param>
    /// <param name="settings">The connection's settings by name. Never log them.</param>
    /// <exception cref="ConnectorException">It cannot be read; the kind says what should happen next.</exception>
    ReadOnlyMemory<byte> Decode(ReadOnlyMemory<byte> body, IReadOnlyDictionary<string, JsonElement> settings);
}
