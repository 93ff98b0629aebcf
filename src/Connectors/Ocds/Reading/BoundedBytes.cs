namespace IntegrationHub.Connectors.Ocds.Reading;

/// <summary>Reads a stream into memory, but not more than allowed.</summary>
internal static class BoundedBytes
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <returns>Everything without a byte order mark, or null when there is more than <paramref name="limit"/>.</returns>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(Stream stream, int limit, CancellationToken cancellationToken)
    {
        using var held = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            if (held.Length + count > limit + 3L)
                return null;
            held.Write(buffer, 0, count);
        }

        var bytes = held.ToArray().AsMemory();
        return bytes.Span.StartsWith(ByteOrderMark) ? bytes[3..] : bytes.Length > limit ? null : bytes;
    }
}
