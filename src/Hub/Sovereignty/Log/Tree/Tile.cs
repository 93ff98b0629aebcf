using System.Globalization;

namespace IntegrationHub.Sovereignty.Log.Tree;

/// <summary>
/// The place of a tile or of an entry bundle (c2sp.org/tlog-tiles): <see cref="Width"/> hashes, each over a full tile of the level below.
/// </summary>
/// <param name="Level">0 for leaf hashes; <see cref="Entries"/> for the entries themselves.</param>
/// <param name="Index">Place within the level.</param>
/// <param name="Width">1 to 256.</param>
public readonly record struct Tile(int Level, long Index, int Width)
{
    /// <summary>Hashes of a full tile.</summary>
    public const int FullWidth = 256;

    /// <summary>The level of bundles of entries.</summary>
    public const int Entries = -1;

    private const int HighestLevel = 63;

    public bool IsPartial => Width < FullWidth;

    /// <summary>The path below the log's prefix, such as <c>tile/0/x001/x234/067</c> or <c>tile/entries/000.p/5</c>.</summary>
    public string Path => $"tile/{(Level == Entries ? "entries" : Level.ToString(CultureInfo.InvariantCulture))}/{Elements(Index)}{(IsPartial ? $".p/{Width}" : "")}";

    /// <summary>How many hashes a level has in a tree of this size.</summary>
    public static long Hashes(int level, long size) => level == Entries ? size : 8 * level >= 63 ? 0 : size >> (8 * level);

    /// <summary>Every tile of a tree of this size, level by level, partial ones last in their level.</summary>
    public static IEnumerable<Tile> Of(long size)
    {
        for (var level = 0; Hashes(level, size) is > 0 and var hashes; level++)
            for (long index = 0; index * FullWidth < hashes; index++)
                yield return new(level, index, (int)Math.Min(FullWidth, hashes - index * FullWidth));
    }

    /// <summary>Reads a path as <see cref="Path"/> writes it; nothing else is accepted, so that every resource has one address.</summary>
    public static bool TryParse(string path, out Tile tile)
    {
        tile = default;
        if (path.Split('/') is not ["tile", var levelText, .. var rest] || rest.Length == 0)
            return false;
        var width = FullWidth;
        if (rest.Length > 1 && rest[^2].EndsWith(".p", StringComparison.Ordinal))
        {
            if (!int.TryParse(rest[^1], NumberStyles.None, CultureInfo.InvariantCulture, out width) || width is < 1 or >= FullWidth)
                return false;
            rest = [.. rest[..^2], rest[^2][..^2]];
        }

        var level = Entries;
        if (levelText != "entries" && (!int.TryParse(levelText, NumberStyles.None, CultureInfo.InvariantCulture, out level) || level > HighestLevel))
            return false;
        if (rest.Length > 6 || !long.TryParse(string.Concat(rest.Select(r => r.TrimStart('x'))), NumberStyles.None, CultureInfo.InvariantCulture, out var index))
            return false;
        tile = new(level, index, width);
        return tile.Path == path;
    }

    private static string Elements(long index)
    {
        var last = (index % 1000).ToString("D3", CultureInfo.InvariantCulture);
        return index < 1000 ? last : string.Concat(Parents(index / 1000)) + last;
    }

    private static IEnumerable<string> Parents(long index)
    {
        if (index >= 1000)
            foreach (var parent in Parents(index / 1000))
                yield return parent;
        yield return $"x{(index % 1000).ToString("D3", CultureInfo.InvariantCulture)}/";
    }
}
