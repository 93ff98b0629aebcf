using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Reading;

namespace IntegrationHub.Bench.Pipeline;

/// <summary>Reads WeCom contacts from a file of JSON lines: the cheapest source there can be, so that what is measured is the hub.</summary>
/// <param name="file">By the name of the connection.</param>
internal sealed class LinesConnector(Func<string, string> file) : IConnector
{
    /// <summary>How many lines there are between two of <see cref="Marks"/>.</summary>
    public const int LinesPerMark = 100_000;

    private const int LinesPerCheckpoint = 1_000;

    /// <summary>When lines were handed out, on the clock and in processor time of the process: the first, and the last of every so many. What is committed is a few batches behind.</summary>
    public List<Mark> Marks { get; } = [];

    public ConnectorManifest Manifest { get; } = new()
    {
        Id = "bench",
        Title = "Bench",
        Family = ConnectorFamily.Other,
        Description = "WeCom contacts in a file.",
        Options = typeof(object),
        Streams = [new() { Name = "contacts", Description = "One contact a line." }],
    };

    public IConnection Open(ConnectionContext context) => new Connection(file(context.Name), Marks);

    private sealed class Connection(string file, List<Mark> marks) : IReadRecords
    {
        public async IAsyncEnumerable<StreamItem> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await using var stream = new FileStream(file, new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan });
            marks.Clear();
            marks.Add(Mark.Now());
            await foreach (var line in JsonLinesReader.ReadAsync(stream, request.MaxRecordBytes, default, cancellationToken))
            {
                yield return new SourceRecord(IdOf(line.Bytes.Span), line.Bytes);
                if (line.Number % LinesPerMark == 0)
                    marks.Add(Mark.Now());
                if (line.Number % LinesPerCheckpoint == 0)
                    yield return new Checkpoint($"{line.Next.Offset}");
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private static string IdOf(ReadOnlySpan<byte> record)
        {
            var reader = new Utf8JsonReader(record);
            while (reader.Read())
                if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("external_userid"u8) && reader.Read())
                    return reader.GetString()!;
            throw new InvalidDataException("a contact without external_userid");
        }
    }
}

/// <summary>A moment of a load.</summary>
internal readonly record struct Mark(TimeSpan Clock, TimeSpan Processor)
{
    public static Mark Now() => new(Stopwatch.GetElapsedTime(0), Environment.CpuUsage.TotalTime);
}
