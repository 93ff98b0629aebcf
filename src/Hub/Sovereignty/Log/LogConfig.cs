using IntegrationHub.Sovereignty.Log.Notes;

namespace IntegrationHub.Sovereignty.Log;

/// <summary>Settings of the sovereignty log.</summary>
public sealed record LogConfig
{
    /// <summary>The log's name in its checkpoints. It cannot change once the log is begun.</summary>
    /// <value>Default: the workspace's name with a random part.</value>
    public string? Origin { get; init; }

    /// <summary>Whether entries are served without a key, as checkpoint and tiles always are.</summary>
    /// <value>Default <c>false</c>: they tell what systems there are and how busy.</value>
    public bool Public { get; init; }

    /// <summary>Whether entries are written. Only measurements of what the log costs turn it off; hub.yaml cannot.</summary>
    internal bool IsWritten { get; init; } = true;

    /// <summary>Who cosigns checkpoints.</summary>
    public IReadOnlyList<LogWitness> Witnesses { get; init; } = [];

    /// <summary>How many of the witnesses a checkpoint must have before it is published.</summary>
    /// <value>Default: all.</value>
    public int Quorum { get; init; }
}

/// <param name="Address">The witness's submission prefix.</param>
/// <param name="Key">Its key, of the cosignature type.</param>
public sealed record LogWitness(Uri Address, VerifierKey Key);
