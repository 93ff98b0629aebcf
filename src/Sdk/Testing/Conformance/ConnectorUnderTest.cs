using System.Text.Json.Nodes;
using IntegrationHub.Sdk.Callbacks;
using IntegrationHub.Sdk.Simulation;

namespace IntegrationHub.Sdk.Testing.Conformance;

/// <summary>A connector with its simulated vendor, filled with data; made anew for every check.</summary>
public abstract class ConnectorUnderTest : IDisposable
{
    /// <summary>The connector.</summary>
    public abstract IConnector Connector { get; }

    /// <summary>The vendor. Fill it so that every stream has at least three pages.</summary>
    public abstract VendorSimulator Simulator { get; }

    /// <summary>Settings that work with the simulator, secrets in plain.</summary>
    public abstract JsonObject Settings();

    /// <summary>Settings that must be refused, each with a word the refusal has to contain.</summary>
    public abstract IReadOnlyList<BadSettings> BadSettings { get; }

    /// <summary>Values that no log and no message may show. Tokens that the simulator issues are added by themselves.</summary>
    public abstract IReadOnlyList<string> Secrets { get; }

    /// <summary>Ids of all records that a full read of a stream must give now.</summary>
    public abstract IReadOnlyCollection<string> Expected(string stream);

    /// <summary>Changes the vendor's data: adds a record, changes one, and moves one to the end of the list, as time goes by. Never deletes.</summary>
    public abstract void Change(string stream);

    /// <summary>Prepares data that connectors stumble over.</summary>
    /// <returns>Whether the stream can have such data.</returns>
    public virtual bool Arrange(string stream, Disturbance disturbance) => false;

    /// <summary>Streams that hold no personal data.</summary>
    public virtual IReadOnlyCollection<string> WithoutPersonalData => [];

    /// <summary>Streams that the vendor gives in one answer, so that there is nothing to check off in between.</summary>
    public virtual IReadOnlyCollection<string> ReadAtOnce => [];

    /// <summary>Each customer runs the system at a place of their own, so that the manifest names no region.</summary>
    public virtual bool RunsAnywhere => false;

    /// <summary>Genuine callbacks, for connectors that receive them.</summary>
    public virtual IReadOnlyList<CallbackSample> Callbacks => [];

    /// <summary>Actions, for connectors that have them: at least one of each.</summary>
    public virtual IReadOnlyList<ActionSample> Actions => [];

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        Simulator.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>Data that connectors stumble over.</summary>
public enum Disturbance
{
    /// <summary>More records of one time of change than a page holds.</summary>
    Ties,

    /// <summary>The vendor gives some records twice.</summary>
    Duplicates,

    /// <summary>One record of 20 MB.</summary>
    HugeRecord,
}

/// <summary>Settings that are wrong.</summary>
/// <param name="What">What is wrong, for the name of the check.</param>
/// <param name="Change">Makes good settings wrong.</param>
/// <param name="Word">What the refusal must contain, such as the setting's name.</param>
public sealed record BadSettings(string What, Action<JsonObject> Change, string Word);

/// <summary>A genuine callback.</summary>
/// <param name="What">For the name of the check.</param>
/// <param name="Send">Makes the request as the vendor sends it now; called twice it is a redelivery of the same event.</param>
/// <param name="Stream">The stream whose records come of it, or <c>null</c> for a handshake.</param>
/// <param name="Ids">Ids of these records.</param>
public sealed record CallbackSample(string What, Func<CallbackRequest> Send, string? Stream, IReadOnlyList<string> Ids)
{
    /// <summary>The handshake's whole answer.</summary>
    public string? Answer { get; init; }

    /// <summary>Parts of the request that the vendor does not sign, by parameter or header name; changing them is no forgery. <c>body</c> is the body.</summary>
    public IReadOnlyCollection<string> Unsigned { get; init; } = [];
}

/// <summary>An action.</summary>
/// <param name="Action">Name in the manifest.</param>
/// <param name="Input">Good input.</param>
/// <param name="Effects">Counts what the vendor has of it; each action must raise it by one, once.</param>
/// <param name="Missing">A required field of the input.</param>
public sealed record ActionSample(string Action, JsonObject Input, Func<int> Effects, string Missing)
{
    /// <summary>The vendor undoes repetition by itself: doing it twice is the same as once, so that <see cref="Effects"/> counts states, not calls.</summary>
    public bool IsNaturallyIdempotent { get; init; }

    /// <summary>The vendor gives no way to find out what became of a lost answer, and the action is then not done again.</summary>
    public bool IsAtMostOnce { get; init; }
}
