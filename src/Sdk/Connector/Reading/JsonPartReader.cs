using System.Runtime.CompilerServices;
using System.Text.Json;

namespace IntegrationHub.Sdk.Reading;

/// <summary>
/// Walks one JSON document and returns its parts one by one: the elements of chosen arrays of the top-level object, every other member
/// of that object whole, and, when the document is an array, its elements. Holds one part at a time, never the document.
/// </summary>
/// <remarks>
/// It only looks for where parts begin and end (strings, escapes, bracket depth), without recursion, so any nesting is harmless. A part's
/// inside is not checked: parse it with a depth limit of your choice. It works on bytes, so a character cut by a read buffer is no concern.
/// </remarks>
public static class JsonPartReader
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>Reads the parts of the document in order.</summary>
    /// <param name="stream">UTF-8 JSON, with or without a byte order mark. Left open.</param>
    /// <param name="options">Which arrays to open and how much of a part to hold.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="JsonException">The document's own frame is broken or ends early; the parts returned before are sound.</exception>
    public static async IAsyncEnumerable<JsonPart> ReadAsync(
        Stream stream, JsonPartOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(options);
        var scanner = new JsonPartScanner(options);
        var buffer = new byte[BufferBytes];
        int count;
        while ((count = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            for (var at = 0; at < count;)
            {
                at += scanner.Advance(buffer.AsSpan(at, count - at));
                if (scanner.TakePart() is { } part)
                    yield return part;
            }
        }

        scanner.End();
    }
}

/// <summary>What <see cref="JsonPartReader"/> opens and how much it holds.</summary>
public sealed class JsonPartOptions
{
    /// <summary>Names of top-level arrays whose elements are returned one by one, such as <c>releases</c>.</summary>
    /// <value>Default none.</value>
    public IReadOnlyCollection<string> Arrays { get; init; } = [];

    /// <summary>The largest element to hold; a longer one is read past and returned without its bytes. 0 holds none.</summary>
    /// <value>Default 16 MiB.</value>
    public int MaxElementBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>The largest other member to hold; a longer one is read past and returned without its bytes. 0 holds none.</summary>
    /// <value>Default 64 KiB.</value>
    public int MaxMemberBytes { get; init; } = 64 * 1024;
}

/// <summary>One part of a document: an element, a member that was not opened, or an opened array itself (after its elements, without bytes).</summary>
/// <param name="Name">The member's name as written; empty for elements of a document that is an array.</param>
/// <param name="Index">The place in the array, from 0; -1 for everything that is not an element.</param>
/// <param name="Offset">Where the value begins, in bytes from the start of the stream.</param>
/// <param name="Length">How many bytes the value has.</param>
/// <param name="Bytes">The raw value, a copy that the caller may keep; empty when it is too long or is an opened array.</param>
public readonly record struct JsonPart(string Name, long Index, long Offset, long Length, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Whether the value's bytes were read past, because they exceeded the limit.</summary>
    public bool IsTooLong => Bytes.IsEmpty;

    /// <summary>Whether this is an element of an array.</summary>
    public bool IsElement => Index >= 0;
}
