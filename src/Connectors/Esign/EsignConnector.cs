using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Actions;
using IntegrationHub.Sdk.Callbacks;

namespace IntegrationHub.Connectors.Esign;

/// <summary>e签宝 (eSign) V3: sign flows with their signers and documents.</summary>
public sealed class EsignConnector : IConnector
{
    /// <summary>The connector's stream.</summary>
    public const string SignFlows = "sign_flows";

    /// <inheritdoc/>
    public ConnectorManifest Manifest { get; } = new()
    {
        Id = "esign",
        Title = "e签宝 (eSign)",
        Family = ConnectorFamily.ESignature,
        Description = "Sign flows with their signers and documents; starts, urges and revokes flows.",
        Options = typeof(EsignOptions),
        Region = "CN",
        Documentation = "https://open.esign.cn/doc/",
        Streams =
        [
            new()
            {
                Name = SignFlows,
                Description = "A sign flow with its signers and documents.",
                Deletions = DeletionStyle.Explicit,
                PersonalData = ["$.signFlowInitiator", "$.signers[*].orgSigner.transactor", "$.signers[*].psnSigner"],
            },
        ],
        Actions = EsignActions.Manifest,
        Callbacks = true,
    };

    /// <inheritdoc/>
    public IConnection Open(ConnectionContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new EsignConnection(context, context.Bind<EsignOptions>());
    }
}

/// <summary>One application.</summary>
internal sealed class EsignConnection : IReadRecords, ICheckConnection, IReceiveCallbacks, IRunActions
{
    private readonly EsignClient _client;
    private readonly EsignReader _reader;
    private readonly EsignCallbacks _callbacks;
    private readonly EsignActions _actions;
    private readonly TimeProvider _time;

    public EsignConnection(ConnectionContext context, EsignOptions options)
    {
        _time = context.Time;
        _client = new(context, options);
        _reader = new(_client, options, context.Time);
        _callbacks = new(options, _reader, context.Time);
        _actions = new(_client, _reader, context.Time);
    }

    public IAsyncEnumerable<StreamItem> ReadAsync(ReadRequest request, CancellationToken cancellationToken) => request.Stream == EsignConnector.SignFlows
        ? _reader.ReadAsync(request, cancellationToken)
        : throw new ConnectorException(ConnectorErrorKind.Configuration, $"esign has no stream '{request.Stream}'; it has '{EsignConnector.SignFlows}'");

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        await foreach (var _ in _reader.PagesAsync("Start", now - 1000, now, cancellationToken).ConfigureAwait(false))
            return;
    }

    public CallbackAnswer Receive(CallbackRequest request) => _callbacks.Receive(request);

    public IAsyncEnumerable<StreamItem> ReadEventsAsync(string stream, IReadOnlyList<CallbackEvent> events, CancellationToken cancellationToken) => _callbacks.ReadAsync(stream, events, cancellationToken);

    public Task<ActionResult> RunAsync(ActionRequest request, CancellationToken cancellationToken) => _actions.RunAsync(request, cancellationToken);

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
