using System.Runtime.CompilerServices;
using IntegrationHub.Connectors.Ocds.Compiling;
using IntegrationHub.Connectors.Ocds.Reading;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connectors.Ocds;

/// <summary>Reads contracting processes published in the Open Contracting Data Standard, from files or from a publisher's server.</summary>
public sealed class OcdsConnector : IConnector
{
    /// <summary>The connector's only stream.</summary>
    public const string Processes = "processes";

    /// <inheritdoc/>
    public ConnectorManifest Manifest { get; } = new()
    {
        Id = "ocds",
        Title = "Open Contracting Data Standard",
        Family = ConnectorFamily.Tenders,
        Description = "Public contracting processes (planning, tender, award, contract) as OCDS 1.1 or 1.0 releases and records, from files or publishers' servers.",
        Options = typeof(OcdsOptions),
        Documentation = "https://standard.open-contracting.org/1.1/en/",
        Streams =
        [
            new StreamManifest
            {
                Name = Processes,
                Description = "One contracting process: its releases and what they compile to.",
                Assembled = true,
                Deletions = DeletionStyle.Never,
                PersonalData =
                [
                    "$.parties[*].contactPoint",
                    "$.buyer.contactPoint",
                    "$.tender.procuringEntity.contactPoint",
                    "$.tender.tenderers[*].contactPoint",
                    "$.awards[*].suppliers[*].contactPoint",
                ],
            },
        ],
    };

    /// <inheritdoc/>
    public IConnection Open(ConnectionContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new OcdsConnection(context, context.Bind<OcdsOptions>());
    }
}

/// <summary>One configured source of releases.</summary>
internal sealed class OcdsConnection : IReadRecords, ICheckConnection, IAssembleRecords
{
    private readonly FileSource? _files;
    private readonly PageSource? _pages;
    private readonly HttpClient? _http;

    public OcdsConnection(ConnectionContext context, OcdsOptions options)
    {
        if (options.AllPaths.Count > 0)
        {
            _files = new FileSource(options, context.ContentRoot);
            return;
        }

        _http = context.CreateHttpClient();
        _pages = new PageSource(new PublisherClient(_http, options, context.Time), options, context.Time, context.Log);
    }

    public async IAsyncEnumerable<StreamItem> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        RequireStream(request.Stream);

        // A cursor of the other kind of source means that the configuration has changed: begin at the beginning.
        var cursor = OcdsCursor.Parse(request.Cursor);
        var items = _files is not null
            ? _files.ReadAsync(cursor.File, request.MaxRecordBytes, cancellationToken)
            : _pages!.ReadAsync(cursor.Pages, request.MaxRecordBytes, cancellationToken);
        await foreach (var item in items.ConfigureAwait(false))
            yield return item;
    }

    public Task CheckAsync(CancellationToken cancellationToken) => _files is not null
        ? _files.CheckAsync(new ReadRequest(OcdsConnector.Processes).MaxRecordBytes, cancellationToken)
        : _pages!.CheckAsync(cancellationToken);

    public ReadOnlyMemory<byte> Assemble(string stream, string group, IReadOnlyList<KeptRecord> parts)
    {
        RequireStream(stream);
        return ProcessDocument.Assemble(group, parts);
    }

    public ValueTask DisposeAsync()
    {
        _http?.Dispose();
        return ValueTask.CompletedTask;
    }

    private static void RequireStream(string stream)
    {
        if (stream != OcdsConnector.Processes)
            throw new ConnectorException(ConnectorErrorKind.Configuration, $"ocds has no stream '{stream}'; it has '{OcdsConnector.Processes}'");
    }
}
