namespace IntegrationHub.Bench.Ideal;

/// <summary>The lines of a file, without the line feeds, through one buffer.</summary>
internal sealed class Lines(string file) : IDisposable
{
    private readonly FileStream _file = new(file, new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan });
    private byte[] _buffer = new byte[1 << 20];
    private int _start;
    private int _end;

    /// <summary>The next line, valid until the call after; false at the end.</summary>
    public bool TryNext(out ArraySegment<byte> line)
    {
        while (true)
        {
            var feed = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (feed >= 0)
            {
                line = new(_buffer, _start, feed);
                _start += feed + 1;
                return true;
            }

            if (!Fill())
            {
                line = new(_buffer, _start, _end - _start);
                _start = _end;
                return line.Count > 0;
            }
        }
    }

    public void Dispose() => _file.Dispose();

    private bool Fill()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, _end * 2);
        var read = _file.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        return read > 0;
    }
}
