using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Sovereignty.Log.Notes;
using IntegrationHub.Storage;

namespace IntegrationHub.Sovereignty.Log;

/// <summary>The log of one workspace with all that works on it.</summary>
public sealed class SovereigntyLog
{
    private const int NotesTogether = 2_000;

    private readonly IHubStore _store;
    private readonly DocumentSeal _seal;
    private readonly string _workspace;
    private readonly Sequencer _sequencer;

    /// <param name="derive">Keys of 32 bytes by purpose.</param>
    public SovereigntyLog(IHubStore store, LogConfig config, string workspace, string region, Func<string, byte[]> derive, TimeProvider time)
    {
        _store = store;
        _seal = new(derive("log-keys"));
        _workspace = workspace;
        _sequencer = new(store, _seal, time) { PublishesAtOnce = config.Quorum == 0 };
        Config = config;
        Writer = new(workspace, region, derive("log-commitments"), time) { IsOn = config.IsWritten };
        Stored = new(store.Reader.Log);
    }

    public LogConfig Config { get; }

    public LogWriter Writer { get; }

    public StoredLog Stored { get; }

    /// <summary>The log's name and keys, made when there are none yet.</summary>
    /// <exception cref="LogDamageException">hub.yaml gives it another name than it has.</exception>
    public ValueTask<LogIdentity> IdentityAsync(CancellationToken cancellationToken) => LogIdentity.OpenAsync(_store, _seal, Config.Origin, _workspace, cancellationToken);

    /// <summary>Takes in what was noted and is not in the log yet.</summary>
    public async ValueTask TakeNotesAsync(CancellationToken cancellationToken)
    {
        while (await _store.Journal.MoveAsync(NotesTogether, Take, cancellationToken) == NotesTogether)
        {
        }

        void Take(IHubTransaction transaction, IReadOnlyList<byte[]> notes)
        {
            foreach (var note in notes.Select(LogNote.Parse))
                Writer.Write(transaction, note.At, [note.Entry]);
        }
    }

    /// <summary>Takes what was committed into the tree and signs it. Returns the new head, or <c>null</c> when there was nothing new.</summary>
    /// <exception cref="LogDamageException">The log is damaged; the alarm is raised for all hubs on the store, and nothing is signed until a verification finds no fault.</exception>
    public async ValueTask<LogHead?> IntegrateAsync(CancellationToken cancellationToken)
    {
        var identity = await IdentityAsync(cancellationToken);
        try
        {
            return await _sequencer.IntegrateAsync(identity, cancellationToken);
        }
        catch (LogDamageException e)
        {
            await LogAlarm.RaiseAsync(_store, e.Message, cancellationToken);
            throw;
        }
    }

    /// <summary>Lets a new key take over.</summary>
    public async ValueTask<VerifierKey> RotateAsync(CancellationToken cancellationToken)
    {
        var identity = await IdentityAsync(cancellationToken);
        var rotated = await _sequencer.RotateAsync(identity, (transaction, next) => Writer.Write(transaction, new LogEntry(LogAction.Rotate, Writer.Operator)
        {
            About = [("before", identity.Current.ToString()), ("after", next.ToString())],
        }), cancellationToken);
        return rotated.Current;
    }
}
