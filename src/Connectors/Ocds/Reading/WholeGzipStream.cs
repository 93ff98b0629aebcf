using System.Buffers.Binary;
using System.IO.Compression;

namespace IntegrationHub.Connectors.Ocds.Reading;

/// <summary>
/// A gzip stream that notices a download which was cut off: the platform's ends quietly there. At the end it compares what came out with
/// the length in the trailer. A file of several gzip members put together therefore counts as damaged too, after all of it was read.
/// </summary>
/// <param name="packed">Seekable; closed with this stream. Read this stream asynchronously only.</param>
internal sealed class WholeGzipStream(Stream packed) : GZipStream(packed, CompressionMode.Decompress)
{
    private readonly Stream _packed = packed;
    private long _unpacked;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await base.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        _unpacked += count;
        if (count == 0 && buffer.Length > 0)
            await CheckTrailerAsync(cancellationToken).ConfigureAwait(false);
        return count;
    }

    private async Task CheckTrailerAsync(CancellationToken cancellationToken)
    {
        var trailer = new byte[4];
        if (_packed.Length >= trailer.Length)
        {
            _packed.Seek(-trailer.Length, SeekOrigin.End);
            await _packed.ReadExactlyAsync(trailer, cancellationToken).ConfigureAwait(false);
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(trailer) != unchecked((uint)_unpacked))
            throw new InvalidDataException($"the gzip data is cut off, or is several gzip files in one, after {_unpacked} unpacked bytes.");
    }
}
