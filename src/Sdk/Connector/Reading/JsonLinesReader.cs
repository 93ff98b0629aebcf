using System.Runtime.CompilerServices;

namespace IntegrationHub.Sdk.Reading;

/// <summary>
/// Splits a stream into lines without ever holding more than one of them. It works on bytes, so a character cut by a read buffer is no
/// concern. A UTF-8 byte order mark at the start, a carriage return before the line feed, and blank lines are skipped.
/// </summary>
public static class JsonLinesReader
{
    private const int BufferBytes = 64 * 1024;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Reads the lines that begin at <paramref name="start"/> or later, in order.</summary>
    /// <param name="stream">The bytes, at their beginning. Left open.</param>
    /// <param name="maxLineBytes">A longer line is read past and returned without its bytes (<see cref="JsonLine.IsTooLong"/>).</param>
    /// <param name="start">Where to begin: <see cref="JsonLine.Next"/> of the last line used before, or <c>default</c> for the beginning.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="EndOfStreamException">The stream is shorter than <paramref name="start"/>.</exception>
    public static async IAsyncEnumerable<JsonLine> ReadAsync(
        Stream stream, int maxLineBytes, JsonLinePosition start, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxLineBytes);
        await SkipAsync(stream, start.Offset, cancellationToken).ConfigureAwait(false);

        var buffer = new byte[BufferBytes];
        var line = new LineBuffer(maxLineBytes, start);
        int count;
        while ((count = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            for (var at = 0; at < count;)
            {
                var feed = buffer.AsSpan(at, count - at).IndexOf((byte)'\n');
                var length = feed < 0 ? count - at : feed;
                line.Append(buffer.AsSpan(at, length));
                at += length;
                if (feed < 0)
                    break;

                at++;
                if (line.Complete(terminated: true) is { } found)
                    yield return found;
            }
        }

        if (line.Complete(terminated: false) is { } last)
            yield return last;
    }

    /// <summary>Moves a stream forward, by seeking when it can and by reading otherwise.</summary>
    internal static async Task SkipAsync(Stream stream, long bytes, CancellationToken cancellationToken)
    {
        if (bytes == 0)
            return;

        if (stream.CanSeek)
        {
            if (stream.Length < bytes)
                throw new EndOfStreamException($"The stream has {stream.Length} bytes, fewer than the stored offset {bytes}.");
            stream.Seek(bytes, SeekOrigin.Begin);
            return;
        }

        var buffer = new byte[BufferBytes];
        for (var left = bytes; left > 0;)
        {
            var count = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), cancellationToken).ConfigureAwait(false);
            if (count == 0)
                throw new EndOfStreamException($"The stream has {bytes - left} bytes, fewer than the stored offset {bytes}.");
            left -= count;
        }
    }

    /// <summary>The line being gathered: its bytes up to the limit, and its true length.</summary>
    private sealed class LineBuffer(int limit, JsonLinePosition start)
    {
        private byte[] _bytes = new byte[Math.Min(limit, 4096)];
        private int _kept;
        private long _length;
        private JsonLinePosition _at = start;

        public void Append(ReadOnlySpan<byte> part)
        {
            _length += part.Length;
            if (_length > limit + 4L) // 4: a byte order mark and a carriage return do not count
                return;

            if (_kept + part.Length > _bytes.Length)
                Array.Resize(ref _bytes, (int)Math.Min(limit + 4L, Math.Max(_bytes.Length * 2L, _kept + part.Length)));
            part.CopyTo(_bytes.AsSpan(_kept));
            _kept += part.Length;
        }

        public JsonLine? Complete(bool terminated)
        {
            var at = _at;
            var next = new JsonLinePosition(at.Line + 1, at.Offset + _length + (terminated ? 1 : 0));
            var whole = _kept == _length;
            ReadOnlySpan<byte> text = _bytes.AsSpan(0, _kept);
            if (at.Offset == 0 && text.StartsWith(ByteOrderMark))
                text = text[ByteOrderMark.Length..];
            text = text.Trim(" \t\r"u8);

            JsonLine? line = null;
            if (!whole || text.Length > limit)
                line = new JsonLine(at.Line + 1, at.Offset, _length, default, next) { IsTooLong = true };
            else if (text.Length > 0)
                line = new JsonLine(at.Line + 1, at.Offset, text.Length, text.ToArray(), next);

            if (_bytes.Length > 1024 * 1024)
                _bytes = new byte[4096]; // one long line must not keep its buffer for the rest of the file
            (_kept, _length, _at) = (0, 0, next);
            return line;
        }
    }
}

/// <summary>A place between two lines of a stream.</summary>
/// <param name="Line">How many lines are before it.</param>
/// <param name="Offset">How many bytes are before it.</param>
public readonly record struct JsonLinePosition(long Line, long Offset);

/// <summary>One line that is not blank.</summary>
/// <param name="Number">Its number, from 1; blank lines count.</param>
/// <param name="Offset">Where it begins, in bytes from the start of the stream.</param>
/// <param name="Length">How many bytes it has without the line end; of a line that is too long, all of them.</param>
/// <param name="Bytes">The text without white space around it, a copy that the caller may keep; empty when the line is too long.</param>
/// <param name="Next">Where the next line begins; what to store in order to go on after this line.</param>
public readonly record struct JsonLine(long Number, long Offset, long Length, ReadOnlyMemory<byte> Bytes, JsonLinePosition Next)
{
    /// <summary>Whether the line exceeded the limit, so that its bytes were read past.</summary>
    public bool IsTooLong { get; init; }
}
