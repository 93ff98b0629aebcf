using System.Runtime.CompilerServices;
using System.Text.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Reading;

namespace IntegrationHub.Connectors.Ocds.Reading;

/// <summary>Reads one JSON document of any size: a package, a list, a single release or a single record.</summary>
internal static class PackageReader
{
    private static readonly string[] Arrays = ["releases", "records"];

    /// <summary>
    /// A first pass over the document for everything but the elements, since publishers write the header before or after them.
    /// </summary>
    public static async Task<DocumentFrame> ReadFrameAsync(Stream stream, CancellationToken cancellationToken)
    {
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        long elements = 0;
        (long From, long To) extent = default;
        var isList = false;
        Exception? broken = null;
        try
        {
            var options = new JsonPartOptions { Arrays = Arrays, MaxElementBytes = 0 };
            await foreach (var part in JsonPartReader.ReadAsync(stream, options, cancellationToken).ConfigureAwait(false))
            {
                if (part.IsElement)
                {
                    elements++;
                    extent = (elements == 1 ? part.Offset : extent.From, part.Offset + part.Length);
                }

                isList |= part.Name.Length == 0 || Arrays.Contains(part.Name) && part.Bytes.IsEmpty;
                if (!part.IsTooLong)
                    using (var value = StrictJson.Parse(part.Bytes, out _))
                        if (value is not null)
                            members[part.Name] = value.RootElement.Clone();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidDataException)
        {
            broken = e;
        }

        var header = PackageHeader.From(name => members.TryGetValue(name, out var member) ? member : null);
        var isSingle = members.ContainsKey("ocid") || !isList && members.ContainsKey("initiationType");
        return new DocumentFrame(header, isSingle, isList, elements, extent, broken);
    }

    /// <summary>A second pass that yields the elements of the arrays, each with the number of elements up to and including it.</summary>
    public static async IAsyncEnumerable<(long Element, List<StreamItem> Items)> ReadElementsAsync(
        Stream stream, PackageHeader header, Place place, long skip, int maxRecordBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var options = new JsonPartOptions { Arrays = Arrays, MaxElementBytes = maxRecordBytes, MaxMemberBytes = 0 };
        long count = 0;
        await foreach (var part in JsonPartReader.ReadAsync(stream, options, cancellationToken).ConfigureAwait(false))
        {
            if (!part.IsElement || ++count <= skip)
                continue;
            var at = place.At(part.Name, part.Index);
            yield return (count, part.IsTooLong
                ? [TooLong(at, part.Length, maxRecordBytes)]
                : ReleaseItems.From(part.Bytes, header, at, maxRecordBytes));
        }
    }

    public static BadRecord TooLong(Place place, long length, int limit) =>
        new(place.ToString(), $"it has {length} bytes, more than the limit of {limit}", default) { Length = length };
}

/// <summary>A document without its elements.</summary>
/// <param name="Header">What it says about its elements.</param>
/// <param name="IsSingle">Whether it is one release or one record.</param>
/// <param name="IsList">Whether it has an array of releases or records, or is one.</param>
/// <param name="Elements">How many elements the arrays have.</param>
/// <param name="ElementBytes">Where the first element begins and the last one ends.</param>
/// <param name="Broken">Why the pass ended early, if it did.</param>
internal sealed record DocumentFrame(PackageHeader Header, bool IsSingle, bool IsList, long Elements, (long From, long To) ElementBytes, Exception? Broken);
