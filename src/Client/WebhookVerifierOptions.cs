namespace IntegrationHub.Client;

/// <summary>Checks an Ed25519 signature; such as <c>SignatureAlgorithm.Ed25519.Verify</c> of NSec, for the platform has none.</summary>
/// <param name="publicKey">32 bytes.</param>
/// <param name="content">What was signed.</param>
/// <param name="signature">64 bytes.</param>
public delegate bool Ed25519Check(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> content, ReadOnlySpan<byte> signature);

/// <summary>What a <see cref="WebhookVerifier"/> takes for genuine.</summary>
public sealed record WebhookVerifierOptions
{
    /// <summary>How far the clocks of hub and application may be apart, and how old a request may be.</summary>
    /// <value>Default 5 minutes.</value>
    public TimeSpan Tolerance { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Needed for keys that begin with <c>whpk_</c>.</summary>
    public Ed25519Check? Ed25519 { get; init; }

    /// <summary>The clock.</summary>
    /// <value>Default the system's.</value>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
