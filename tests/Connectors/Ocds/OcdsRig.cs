using System.Text;
using System.Text.Json;
using IntegrationHub.Connectors.Ocds;
using IntegrationHub.Sdk;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace IntegrationHub.Connectors.Tests.Ocds;

/// <summary>Opens connections and drains reads; shared by the tests of this connector.</summary>
internal static class OcdsRig
{
    public static DateTimeOffset Now { get; } = new(2024, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public static string Fixture(string name) => Path.Combine(AppContext.BaseDirectory, "Ocds", "fixtures", name);

    public static string Sample(string name) => Path.Combine(AppContext.BaseDirectory, "samples", "ocds", name);

    public static IConnection Open(object settings, TimeProvider? time = null, string? root = null) => new OcdsConnector().Open(new ConnectionContext
    {
        Name = "tenders",
        Settings = JsonSerializer.SerializeToElement(settings),
        CreateHttpClient = () => new HttpClient(),
        ContentRoot = root ?? Path.GetTempPath(),
        Time = time ?? new FakeTimeProvider(Now),
        Log = NullLogger.Instance,
    });

    public static async Task<List<StreamItem>> Read(object settings, string? cursor = null, int? maxRecordBytes = null, TimeProvider? time = null)
    {
        await using var connection = Open(settings, time);
        var request = new ReadRequest(OcdsConnector.Processes) { Cursor = cursor };
        if (maxRecordBytes is { } max)
            request = request with { MaxRecordBytes = max };
        var items = new List<StreamItem>();
        await foreach (var item in ((IReadRecords)connection).ReadAsync(request, TestContext.Current.CancellationToken))
            items.Add(item);
        return items;
    }

    /// <summary>Reads until the failure and returns both what came before and the failure.</summary>
    public static async Task<(List<StreamItem> Items, ConnectorException Failure)> ReadUntilFailure(object settings, string? cursor = null, TimeProvider? time = null)
    {
        await using var connection = Open(settings, time);
        var items = new List<StreamItem>();
        var failure = await Assert.ThrowsAsync<ConnectorException>(async () =>
        {
            await foreach (var item in ((IReadRecords)connection).ReadAsync(
                new ReadRequest(OcdsConnector.Processes) { Cursor = cursor }, TestContext.Current.CancellationToken))
                items.Add(item);
        });
        return (items, failure);
    }

    public static JsonElement Assemble(string ocid, params IEnumerable<KeptRecord> parts) =>
        JsonDocument.Parse(AssembleBytes(ocid, parts)).RootElement;

    public static ReadOnlyMemory<byte> AssembleBytes(string ocid, IEnumerable<KeptRecord> parts)
    {
        var connection = (IAssembleRecords)Open(new { path = "." });
        return connection.Assemble(OcdsConnector.Processes, ocid, [.. parts]);
    }

    public static KeptRecord Kept(this SourceRecord record) => new(record.Id, record.Body, record.Metadata);

    public static KeptRecord Part(string id, string json, string metadata = """{"version":"1.1"}""") =>
        new("ocds-x-1/" + id, Encoding.UTF8.GetBytes(json), Encoding.UTF8.GetBytes(metadata));

    public static List<SourceRecord> Records(this IEnumerable<StreamItem> items) => [.. items.OfType<SourceRecord>()];

    public static List<BadRecord> Bad(this IEnumerable<StreamItem> items) => [.. items.OfType<BadRecord>()];

    public static List<string> Cursors(this IEnumerable<StreamItem> items) => [.. items.OfType<Checkpoint>().Select(c => c.Cursor)];

    public static string Text(this ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}

/// <summary>A folder that goes away with the test.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("ocds-").FullName;

    public string Write(string name, string content) => Write(name, Encoding.UTF8.GetBytes(content));

    public string Write(string name, byte[] content)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>Gives its bytes in pieces of a chosen size.</summary>
internal sealed class ChunkStream(byte[] bytes, int size) : MemoryStream(bytes)
{
    public override bool CanSeek => false;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        base.ReadAsync(buffer[..Math.Min(size, buffer.Length)], cancellationToken);
}
