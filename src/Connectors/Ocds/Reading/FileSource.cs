using System.IO.Enumeration;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Reading;

namespace IntegrationHub.Connectors.Ocds.Reading;

/// <summary>Reads files and folders, one file after the other, each with bounded memory.</summary>
internal sealed class FileSource(OcdsOptions options, string contentRoot)
{
    /// <summary>A checkpoint comes after this many records, counted from the start of the file so that a resumed read gives the same ones.</summary>
    private const int RecordsPerCheckpoint = 200;

    private const int HeadBytes = 4096;

    public async IAsyncEnumerable<StreamItem> ReadAsync(
        FilePosition? position, int maxRecordBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var files = List();
        // A file that is not there any more cannot be resumed; reading everything again is harmless.
        var first = position is null ? -1 : files.FindIndex(file => file.Name == position.Name);
        for (var i = Math.Max(first, 0); i < files.Count; i++)
        {
            var resume = i == first ? position : null;
            if (resume is { Done: true })
                continue;

            await foreach (var item in ReadFileAsync(files[i], resume, maxRecordBytes, cancellationToken).ConfigureAwait(false))
                yield return item;
            yield return At(new FilePosition(files[i].Name) { Done = true });
        }

        // The next run reads everything again: the hub skips what has not changed.
        yield return new OcdsCursor().ToCheckpoint();
    }

    /// <summary>Opens the first file and reads until the first record.</summary>
    public async Task CheckAsync(int maxRecordBytes, CancellationToken cancellationToken)
    {
        var file = List()[0];
        await foreach (var item in ReadFileAsync(file, null, maxRecordBytes, cancellationToken).ConfigureAwait(false))
        {
            if (item is BadRecord bad)
                throw new ConnectorException(ConnectorErrorKind.Configuration, $"{bad.Position}: {bad.Reason}");
            break;
        }
    }

    private static Checkpoint At(FilePosition position) => new OcdsCursor { File = position }.ToCheckpoint();

    private List<(string Name, string FullPath)> List()
    {
        var files = new List<(string Name, string FullPath)>();
        foreach (var path in options.AllPaths)
        {
            var full = Path.GetFullPath(path, contentRoot);
            if (File.Exists(full))
                files.Add((path, full));
            else if (Directory.Exists(full))
                files.AddRange(Below(full)
                    .Select(file => ($"{path.TrimEnd('/')}/{Path.GetRelativePath(full, file).Replace('\\', '/')}", file))
                    .OrderBy(file => file.Item1, StringComparer.Ordinal));
            else
                throw new ConnectorException(ConnectorErrorKind.Configuration, $"config.path: '{path}' is neither a file nor a folder (looked at {full})");
        }

        return files.Count > 0 ? files : throw new ConnectorException(ConnectorErrorKind.Configuration,
            "config.path: there is no .json, .jsonl or .ndjson file (or one of them with .gz) in the folder");
    }

    private static FileSystemEnumerable<string> Below(string folder) => new(
        folder,
        (ref FileSystemEntry entry) => entry.ToFullPath(),
        new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = false, AttributesToSkip = FileAttributes.Hidden })
    {
        ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory && IsData(entry.FileName),
        // A link to a folder could lead round in a circle.
        ShouldRecursePredicate = (ref FileSystemEntry entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
    };

    private static bool IsData(ReadOnlySpan<char> name)
    {
        if (name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            name = name[..^3];
        return name.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || IsLines(name);
    }

    private static bool IsLines(ReadOnlySpan<char> name)
    {
        if (name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            name = name[..^3];
        return name.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".ndjson", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>One file to its end. Damage that ends the file is its last item, a <see cref="BadRecord"/>; the read goes on with the next file.</summary>
    private async IAsyncEnumerable<StreamItem> ReadFileAsync(
        (string Name, string FullPath) file, FilePosition? resume, int maxRecordBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var items = ReadSoundFileAsync(file, resume, maxRecordBytes, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using var closing = items.ConfigureAwait(false);
        while (true)
        {
            BadRecord? damage = null;
            try
            {
                if (!await items.MoveNextAsync().ConfigureAwait(false))
                    yield break;
            }
            catch (Exception e) when (e is JsonException or InvalidDataException or EndOfStreamException)
            {
                damage = new BadRecord(file.Name, e is JsonException ? StrictJson.WithoutValue(e.Message) : $"the file is damaged: {e.Message}", default);
            }
            catch (UnauthorizedAccessException e)
            {
                throw new ConnectorException(ConnectorErrorKind.Configuration, $"'{file.Name}' may not be read; check its permissions", e);
            }
            catch (IOException e)
            {
                throw new ConnectorException(ConnectorErrorKind.Transient, $"'{file.Name}' could not be read: {e.Message}", e);
            }

            yield return damage ?? items.Current;
            if (damage is not null)
                yield break;
        }
    }

    private async IAsyncEnumerable<StreamItem> ReadSoundFileAsync(
        (string Name, string FullPath) file, FilePosition? resume, int maxRecordBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (start, head) = await LookAsync(file, resume, cancellationToken).ConfigureAwait(false);
        if (WhyNotJson(head) is { } reason)
        {
            yield return new BadRecord(file.Name, reason, default) { Length = start.Size };
            yield break;
        }

        Func<Stream> open = () => Open(file.FullPath);
        var items = start.Line > 0 || await HasLinesAsync(file.Name, open, maxRecordBytes, cancellationToken).ConfigureAwait(false)
            ? ReadLinesAsync(open, start, maxRecordBytes, cancellationToken)
            : ReadDocumentAsync(open, start, maxRecordBytes, cancellationToken);
        await foreach (var item in items.ConfigureAwait(false))
            yield return item;
    }

    /// <summary>Takes the fingerprint and keeps the stored position only if the file is still the one it was stored for.</summary>
    private static async Task<(FilePosition Start, byte[] Head)> LookAsync(
        (string Name, string FullPath) file, FilePosition? resume, CancellationToken cancellationToken)
    {
        var stream = File.OpenRead(file.FullPath);
        await using var closing = stream.ConfigureAwait(false);
        var head = new byte[HeadBytes];
        head = head[..await stream.ReadAtLeastAsync(head, HeadBytes, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false)];
        if (resume is not null && stream.Length >= resume.Size && head.Length >= resume.HeadBytes && Fingerprint(head, resume.HeadBytes) == resume.Head)
            return (resume, head);
        return (new FilePosition(file.Name) { Size = stream.Length, HeadBytes = head.Length, Head = Fingerprint(head, head.Length) }, head);
    }

    private static string Fingerprint(byte[] head, int length) => Convert.ToHexStringLower(SHA256.HashData(head.AsSpan(0, length)));

    private static string? WhyNotJson(ReadOnlySpan<byte> head)
    {
        if (head.IsEmpty)
            return "the file is empty (0 bytes)";
        if (head.StartsWith<byte>([0xFF, 0xFE]) || head.StartsWith<byte>([0xFE, 0xFF]))
            return "the file is UTF-16; save it as UTF-8";
        if (head.StartsWith<byte>([0xEF, 0xBB, 0xBF]))
            head = head[3..];
        return head.TrimStart(" \t\r\n"u8).StartsWith("<"u8) ? "the file is a web page or XML, not JSON; perhaps an error page was saved" : null;
    }

    private Stream Open(string path)
    {
        Stream stream = File.OpenRead(path);
        var isGzip = stream.ReadByte() == 0x1F && stream.ReadByte() == 0x8B; // the name may lie
        stream.Position = 0;
        return TextEncoding.ToUtf8(isGzip ? new WholeGzipStream(stream) : stream, options.Charset);
    }

    /// <summary>JSON Lines by name, or by look: the first line is a whole value and more follows.</summary>
    private static async Task<bool> HasLinesAsync(string name, Func<Stream> open, int maxRecordBytes, CancellationToken cancellationToken)
    {
        if (IsLines(name))
            return true;

        var stream = open();
        await using var closing = stream.ConfigureAwait(false);
        try
        {
            var seen = 0;
            await foreach (var line in JsonLinesReader.ReadAsync(stream, maxRecordBytes, default, cancellationToken).ConfigureAwait(false))
            {
                if (++seen == 2)
                    return true;
                if (line.IsTooLong || line.Bytes.Span[0] != '{' || line.Bytes.Span[^1] != '}')
                    return false;
                using var value = StrictJson.Parse(line.Bytes, out _);
                if (value is null)
                    return false;
            }
        }
        catch (InvalidDataException)
        {
            // Damage is reported where it is met in reading.
        }

        return false;
    }

    private static async IAsyncEnumerable<StreamItem> ReadLinesAsync(
        Func<Stream> open, FilePosition start, int maxRecordBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var stream = open();
        await using var closing = stream.ConfigureAwait(false);
        var place = new Place(start.Name, "", IsPage: false);
        var position = start;
        var from = new JsonLinePosition(start.Line, start.Offset);
        await foreach (var line in JsonLinesReader.ReadAsync(stream, maxRecordBytes, from, cancellationToken).ConfigureAwait(false))
        {
            var at = place.At($"line {line.Number} (byte {line.Offset})");
            var items = line.IsTooLong
                ? [PackageReader.TooLong(at, line.Length, maxRecordBytes)]
                : ReleaseItems.From(line.Bytes, PackageHeader.None, at, maxRecordBytes);
            foreach (var item in items)
                yield return item;

            var before = position.Records / RecordsPerCheckpoint;
            position = position with { Records = position.Records + items.Count, Line = line.Next.Line, Offset = line.Next.Offset };
            if (position.Records / RecordsPerCheckpoint > before)
                yield return At(position);
        }
    }

    private static async IAsyncEnumerable<StreamItem> ReadDocumentAsync(
        Func<Stream> open, FilePosition start, int maxRecordBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var place = new Place(start.Name, "", IsPage: false);
        DocumentFrame frame;
        var first = open();
        await using (first.ConfigureAwait(false))
            frame = await PackageReader.ReadFrameAsync(first, cancellationToken).ConfigureAwait(false);

        if (frame.IsSingle || !frame.IsList && frame.Broken is null)
        {
            foreach (var item in await ReadSingleAsync(open, place, maxRecordBytes, cancellationToken).ConfigureAwait(false))
                yield return item;
            yield break;
        }

        var stream = open();
        await using var closing = stream.ConfigureAwait(false);
        var position = start;
        await foreach (var (element, items) in PackageReader
            .ReadElementsAsync(stream, frame.Header, place, start.Element, maxRecordBytes, cancellationToken).ConfigureAwait(false))
        {
            foreach (var item in items)
                yield return item;

            var before = position.Records / RecordsPerCheckpoint;
            position = position with { Records = position.Records + items.Count, Element = element };
            if (position.Records / RecordsPerCheckpoint > before)
                yield return At(position);
        }
    }

    private static async Task<List<StreamItem>> ReadSingleAsync(Func<Stream> open, Place place, int maxRecordBytes, CancellationToken cancellationToken)
    {
        var stream = open();
        await using var closing = stream.ConfigureAwait(false);
        var held = await BoundedBytes.ReadAsync(stream, maxRecordBytes, cancellationToken).ConfigureAwait(false);
        return held is { } bytes
            ? ReleaseItems.From(bytes, PackageHeader.None, place, maxRecordBytes)
            : [new BadRecord(place.ToString(), $"it is one value of more than {maxRecordBytes} bytes, the limit", default)];
    }
}
