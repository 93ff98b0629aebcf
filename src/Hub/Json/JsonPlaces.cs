namespace IntegrationHub.Json;

/// <summary>
/// Where a parse found what an outline asks for: columns that hold a node, or -1 where the document has none. Row 0 is the document; each element of an array that is asked
/// for has a row of its own, whose first column leads to the row of the next element. Reused from document to document.
/// </summary>
internal sealed class JsonPlaces
{
    /// <summary>Stands instead of a first row: the value is an object, whose members only the tape tells.</summary>
    public const int OfObject = -2;

    // What a record before had; a wrong one costs a comparison.
    private readonly NextName[] _expected = new NextName[NextName.Slots];
    private int[] _columns = new int[256];
    private int _used;

    public int[] Columns => _columns;

    /// <summary>Which name followed which, for <see cref="NextName.IndexAfter"/>.</summary>
    public ReadOnlySpan<NextName> Expected => _expected;

    public void Expect(int index, in NextName next) => _expected[index] = next;

    /// <summary>Forgets the document before.</summary>
    /// <param name="width">Columns outside of any array.</param>
    public void Reset(int width)
    {
        _used = 0;
        AddRow(width);
    }

    /// <returns>The first column of the row, counted over all rows.</returns>
    public int AddRow(int width)
    {
        var row = _used;
        if (_columns.Length - row < width) Array.Resize(ref _columns, Math.Max(_columns.Length * 2, row + width));
        _columns.AsSpan(row, width).Fill(-1);
        _used = row + width;
        return row;
    }
}
