namespace IntegrationHub.Mapping.Functions;

/// <summary>What the workspace lends to functions.</summary>
public sealed class FunctionContext
{
    private readonly byte[] _hashKey;

    /// <param name="hashKey">Secret of the workspace for <c>keyedHash</c>, at least 32 bytes; empty where there is none.</param>
    public FunctionContext(ReadOnlySpan<byte> hashKey)
    {
        if (hashKey.Length is > 0 and < 32)
            throw new ArgumentException("the key of keyedHash needs at least 32 bytes", nameof(hashKey));
        _hashKey = hashKey.ToArray();
    }

    /// <summary>For validating and documenting without a workspace.</summary>
    public static FunctionContext None { get; } = new([]);

    /// <summary>For trying mappings without a workspace: <c>keyedHash</c> runs with a key that is no secret, so its values are not those of any workspace.</summary>
    public static FunctionContext ForTrying { get; } = new("a key for trying mappings without a workspace"u8);

    internal bool HasHashKey => _hashKey.Length > 0;

    internal ReadOnlySpan<byte> HashKey => _hashKey;
}
