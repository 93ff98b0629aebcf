using System.Buffers.Binary;
using System.Text;
using IntegrationHub.Sovereignty.Log.Tree;
using IntegrationHub.Storage;

namespace IntegrationHub.Sovereignty.Log;

/// <summary>The bytes of one resource of a log below its prefix (<c>checkpoint</c>, <c>tile/…</c>), or <c>null</c> when there is none.</summary>
public delegate byte[]? LogResources(string path);

/// <summary>The log of a store as the static resources of c2sp.org/tlog-tiles.</summary>
public sealed class StoredLog(ILogReader log)
{
    /// <summary>The last checkpoint that may be shown, as text; <c>null</c> when nothing was signed yet.</summary>
    public string? Checkpoint => log.Head(published: true)?.Note;

    /// <summary>A tree over the stored tiles.</summary>
    public TreeReader Tree(long size) => new(Hashes, size);

    /// <summary>The hashes of a tile, exactly as many as asked for; <c>null</c> when there are fewer.</summary>
    public byte[]? Hashes(Tile tile) => log.Tile(tile.Level, tile.Index) is { } hashes && hashes.Length >= tile.Width * TreeHash.Size ? hashes[..(tile.Width * TreeHash.Size)] : null;

    /// <summary>A tile or bundle of the published tree; <c>null</c> when the tree has none there of that width.</summary>
    public byte[]? Resource(Tile tile) =>
        log.Head(published: true) is { } head && tile.Index * Tile.FullWidth + tile.Width <= Tile.Hashes(tile.Level, head.Size) ? Bytes(tile) : null;

    /// <summary>Resource by path, for whoever reads the log as a stranger would.</summary>
    public byte[]? Resource(string path) => path == "checkpoint"
        ? Checkpoint is { } note ? Encoding.UTF8.GetBytes(note) : null
        : Tile.TryParse(path, out var tile) ? Bytes(tile) : null;

    private byte[]? Bytes(Tile tile) => tile.Level == Tile.Entries ? Bundle(tile) : Hashes(tile);

    private byte[]? Bundle(Tile tile)
    {
        var rows = log.Entries(tile.Index * Tile.FullWidth, tile.Width);
        return rows.Count == tile.Width && rows[0].Sequence == tile.Index * Tile.FullWidth && rows[^1].Sequence == rows[0].Sequence + tile.Width - 1 ? Bundle(rows) : null;
    }

    /// <summary>Entries with their 16-bit lengths before them.</summary>
    internal static byte[] Bundle(IReadOnlyList<LogRow> rows)
    {
        var bundle = new byte[rows.Sum(r => r.Entry.Length + 2)];
        var at = 0;
        foreach (var row in rows)
        {
            BinaryPrimitives.WriteUInt16BigEndian(bundle.AsSpan(at), checked((ushort)row.Entry.Length));
            row.Entry.CopyTo(bundle, at + 2);
            at += row.Entry.Length + 2;
        }

        return bundle;
    }
}
