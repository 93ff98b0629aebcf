namespace IntegrationHub.Json;

/// <summary>
/// Where a parse found what an outline asks for: columns that hold a node, or -1 where the document has none. Row 0 is the document; each element of an array that is asked
/// for has a row of its own, whose first column leads to the row of the next element. Reused from document to document.
/// </summary>
internal sealed class JsonPlaces
{
    /// <summary>Stands instead of a first row: the value is an object, whose members only the tape tells.</summary>
    public const int OfObject = -2;

    private JsonOutline? _outline;
    private int[] _columns = new int[256];
    private int _used;

    public int[] Columns => _columns;

    /// <summary>Which name followed which in the documents before, by <see cref="NextName.IndexAfter"/>; none before a second document of the same outline.</summary>
    public NextName[]? Expected { get; private set; }

    /// <summary>Forgets the document before.</summary>
    /// <param name="outline">What will be asked of the next.</param>
    public void Reset(JsonOutline outline)
    {
        if (ReferenceEquals(outline, _outline)) Expected ??= new NextName[NextName.Slots];
        else Expected = null;
        _outline = outline;
        _used = 0;
        AddRow(outline.Width);
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
