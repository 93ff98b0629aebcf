using IntegrationHub.Sdk.Actions;

namespace IntegrationHub.Sdk;

/// <summary>What a connector is and offers; shown by <c>hub connectors show</c> and used by the hub to run it.</summary>
public sealed record ConnectorManifest
{
    /// <summary>Stable lower-case id, used in <c>hub.yaml</c> and as the folder name of its mappings, e.g. <c>ocds</c>.</summary>
    public required string Id { get; init; }

    /// <summary>The name people know the system by.</summary>
    public required string Title { get; init; }

    /// <summary>What the system is for.</summary>
    public required ConnectorFamily Family { get; init; }

    /// <summary>One or two sentences for the list of connectors.</summary>
    public required string Description { get; init; }

    /// <summary>The options class bound by <see cref="ConnectionContext.Bind{TOptions}()"/>; <c>null</c> for connectors that declare their <see cref="Settings"/> instead.</summary>
    public Type? Options { get; init; }

    /// <summary>What connections can be told.</summary>
    /// <value>Default: the properties of <see cref="Options"/>.</value>
    public IReadOnlyList<FieldManifest> Settings { get => field ??= Options is null ? [] : FieldManifest.Of(Options); init; }

    /// <summary>What can be read.</summary>
    public required IReadOnlyList<StreamManifest> Streams { get; init; }

    /// <summary>What can be done at the vendor.</summary>
    public IReadOnlyList<ActionManifest> Actions { get; init; } = [];

    /// <summary>Whether connections receive callbacks (<see cref="Callbacks.IReceiveCallbacks"/>).</summary>
    public bool Callbacks { get; init; }

    /// <summary>
    /// Where the vendor's servers stand, as an ISO 3166-1 alpha-2 code, or <c>null</c> when the connection's own setting must say it.
    /// </summary>
    public string? Region { get; init; }

    /// <summary>The vendor's documentation that the connector was built from.</summary>
    public string? Documentation { get; init; }
}

/// <summary>The kind of system a connector talks to.</summary>
public enum ConnectorFamily
{
    /// <summary>None of the other families.</summary>
    Other,

    /// <summary>Chat and contact management, such as WeCom.</summary>
    Messaging,

    /// <summary>Orders, stock, receivables, such as Kingdee.</summary>
    Erp,

    /// <summary>Agreements and signatures, such as e签宝.</summary>
    ESignature,

    /// <summary>Public tender notices, such as OCDS publishers.</summary>
    Tenders,

    /// <summary>Web forms, web analytics, telephony, mail.</summary>
    Web,
}

/// <summary>One stream of records.</summary>
public sealed record StreamManifest
{
    /// <summary>Stable lower-case name, unique in the connector, e.g. <c>processes</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What one record is.</summary>
    public required string Description { get; init; }

    /// <summary>Whether the connection assembles records that share a <see cref="SourceRecord.Group"/> into one document (see <see cref="IAssembleRecords"/>).</summary>
    /// <value>Default <c>false</c>: every record is mapped by itself.</value>
    public bool Assembled { get; init; }

    /// <summary>How the source tells that a record is gone.</summary>
    /// <value>Default <see cref="DeletionStyle.Never"/>.</value>
    public DeletionStyle Deletions { get; init; }

    /// <summary>Paths (RFC 9535) of fields that hold personal data as the source publishes them.</summary>
    public IReadOnlyList<string> PersonalData { get; init; } = [];
}

/// <summary>How a source tells that a record is gone.</summary>
public enum DeletionStyle
{
    /// <summary>It does not; absence means nothing.</summary>
    Never,

    /// <summary>The connector returns a <see cref="DeletedRecord"/>.</summary>
    Explicit,

    /// <summary>
    /// A record that a complete full read did not return is gone. The hub's destruction guard applies. Not for assembled streams: there
    /// absence means nothing.
    /// </summary>
    ByAbsence,
}
