using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using IntegrationHub.Sovereignty.Log.Notes;
using IntegrationHub.Sovereignty.Log.Tree;

namespace IntegrationHub.Sovereignty.Log;

/// <summary>
/// Checks a whole log as a stranger would: from its static resources and a key, nothing else. Every entry is hashed, every tile compared, the root
/// compared with what was signed. Bundles are checked on all cores.
/// </summary>
public sealed class LogVerifier(LogResources resources, IReadOnlyList<VerifierKey> keys)
{
    internal const int MostFaults = 100;

    // Leaf tiles that a thread takes at once: near enough to each other to be read in one go, few enough to end together.
    private const int TilesAtOnce = 64;

    private readonly List<string> _faults = [];
    private readonly Lock _lock = new();

    /// <summary>Compares the entries below a leaf tile with its hashes; from several threads at once.</summary>
    /// <value>Default: reads them from their bundle.</value>
    internal Action<Tile, byte[]>? CheckEntries { get; init; }

    /// <summary>What is wrong; the first places by name, at most 100.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Checks everything below the checkpoint. Returns it when it is one; the log is sound when <see cref="Faults"/> is empty.</summary>
    public Checkpoint? Verify(CancellationToken cancellationToken)
    {
        if (Read() is not { } checkpoint)
            return null;
        var hashes = Leaves(checkpoint.Size, cancellationToken);
        for (var level = 1; hashes.Length > 0; level++)
            hashes = Level(level, hashes);
        if (_faults.Count > 0)
            return checkpoint;
        var tree = new TreeReader(tile => resources(tile.Path), checkpoint.Size);
        if (!tree.Root().AsSpan().SequenceEqual(checkpoint.Root))
            Fault($"the checkpoint of size {checkpoint.Size} signs another root than the tree has");
        return checkpoint;
    }

    /// <summary>Whether an earlier checkpoint is a beginning of this log.</summary>
    public bool Continues(Checkpoint earlier, Checkpoint now)
    {
        if (now.Origin != earlier.Origin)
            Fault($"this is the log '{now.Origin}', remembered is '{earlier.Origin}'");
        else if (now.Size < earlier.Size)
            Fault($"the log has {now.Size} entries, but {earlier.Size} are remembered: it was rolled back or cut");
        else if (!Root(earlier.Size, now.Size).AsSpan().SequenceEqual(earlier.Root))
            Fault($"the first {earlier.Size} entries are not those that are remembered: the log was rewritten");
        else
            return true;
        return false;
    }

    private byte[] Root(long earlier, long size)
    {
        try
        {
            return new TreeReader(tile => resources(tile.Path), size).Root(earlier);
        }
        catch (LogDamageException e)
        {
            Fault(e.Message);
            return [];
        }
    }

    private Checkpoint? Read()
    {
        if (resources("checkpoint") is not { } bytes)
        {
            Fault("there is no checkpoint");
            return null;
        }

        try
        {
            var note = SignedNote.Parse(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes));
            var checkpoint = Checkpoint.Parse(note.Text);
            if (keys.Any(k => k.Name == checkpoint.Origin && note.IsSignedBy(k)))
                return checkpoint;
            Fault($"the checkpoint of '{checkpoint.Origin}' is not signed by {string.Join(" or ", keys)}");
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            Fault($"the checkpoint cannot be read: {e.Message}");
        }

        return null;
    }

    /// <summary>Checks bundles against leaf tiles; returns the hashes of full leaf tiles.</summary>
    private byte[][] Leaves(long size, CancellationToken cancellationToken)
    {
        var tiles = (size + Tile.FullWidth - 1) / Tile.FullWidth;
        var parents = new byte[size / Tile.FullWidth][];
        if (tiles == 0)
            return parents;
        Parallel.ForEach(Partitioner.Create(0, tiles, TilesAtOnce), new() { CancellationToken = cancellationToken }, (range, loop) =>
        {
            for (var index = range.Item1; index < range.Item2 && !loop.ShouldExitCurrentIteration; index++)
            {
                if (_faults.Count >= MostFaults)
                    loop.Stop();
                var tile = new Tile(0, index, (int)Math.Min(Tile.FullWidth, size - index * Tile.FullWidth));
                if (Hashes(tile) is not { } hashes)
                    continue;
                (CheckEntries ?? CheckBundle)(tile, hashes);
                if (!tile.IsPartial)
                    parents[index] = TreeHash.Complete(hashes);
            }
        });
        return parents;
    }

    /// <summary>Checks the tiles of a level against the hashes it must hold; returns the hashes of its full tiles.</summary>
    private byte[][] Level(int level, byte[][] below)
    {
        var parents = new byte[below.Length / Tile.FullWidth][];
        for (var index = 0; index * Tile.FullWidth < below.Length; index++)
        {
            var tile = new Tile(level, index, Math.Min(Tile.FullWidth, below.Length - index * Tile.FullWidth));
            if (Hashes(tile) is not { } hashes)
                continue;
            for (var i = 0; i < tile.Width; i++)
                // Where the tile below could not be read, that is the fault.
                if (below[index * Tile.FullWidth + i] is { } expected && !hashes.AsSpan(i * TreeHash.Size, TreeHash.Size).SequenceEqual(expected))
                    Fault($"{tile.Path}: hash {i} is not that of {new Tile(level - 1, index * (long)Tile.FullWidth + i, Tile.FullWidth).Path}");
            if (!tile.IsPartial)
                parents[index] = TreeHash.Complete(hashes);
        }

        return parents;
    }

    private byte[]? Hashes(Tile tile)
    {
        var hashes = resources(tile.Path);
        if (hashes?.Length == tile.Width * TreeHash.Size)
            return hashes;
        Fault(hashes is null ? $"{tile.Path} is missing" : $"{tile.Path} has {hashes.Length} bytes instead of {tile.Width * TreeHash.Size}");
        return null;
    }

    private void CheckBundle(Tile tile, byte[] hashes)
    {
        var bundle = tile with { Level = Tile.Entries };
        if (resources(bundle.Path) is not { } bytes)
        {
            Fault($"{bundle.Path} is missing or has gaps");
            return;
        }

        Span<byte> hash = stackalloc byte[TreeHash.Size];
        var at = 0;
        for (var i = 0; i < tile.Width; i++)
        {
            var length = at + 2 <= bytes.Length ? BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at)) : int.MaxValue;
            if (length > bytes.Length - at - 2)
            {
                Fault($"{bundle.Path} ends within entry {tile.Index * Tile.FullWidth + i}");
                return;
            }

            TreeHash.Leaf(bytes.AsSpan(at + 2, length), hash);
            at += 2 + length;
            if (!hash.SequenceEqual(hashes.AsSpan(i * TreeHash.Size, TreeHash.Size)))
                Fault($"entry {tile.Index * Tile.FullWidth + i} is not what was signed ({bundle.Path} against {tile.Path})");
        }

        if (at != bytes.Length)
            Fault($"{bundle.Path} has {bytes.Length - at} bytes behind its last entry");
    }

    internal void Fault(string fault)
    {
        lock (_lock)
            if (_faults.Count < MostFaults)
                _faults.Add(fault);
    }
}
