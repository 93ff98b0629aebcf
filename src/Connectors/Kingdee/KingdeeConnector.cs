using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Actions;

namespace IntegrationHub.Connectors.Kingdee;

/// <summary>Kingdee K/3 Cloud (金蝶云星空): customers, orders, deliveries, receivables, receipts, stock.</summary>
public sealed class KingdeeConnector : IConnector
{
    /// <inheritdoc/>
    public ConnectorManifest Manifest { get; } = new()
    {
        Id = "kingdee",
        Title = "金蝶云星空 (Kingdee K/3 Cloud)",
        Family = ConnectorFamily.Erp,
        Description = "Customers, contacts, materials, sales orders, deliveries, receivables, receipts and stock over the WebAPI; saves customers and sales orders.",
        Options = typeof(KingdeeOptions),
        Documentation = "https://openapi.open.kingdee.com/",
        Streams = [.. KingdeeForm.All.Select(form => new StreamManifest
        {
            Name = form.Stream,
            Description = form.Description,
            Deletions = DeletionStyle.ByAbsence,
            PersonalData = [.. form.Personal.Select(field => $"$.{field}")],
        })],
        Actions = KingdeeActions.Manifest,
    };

    /// <inheritdoc/>
    public IConnection Open(ConnectionContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new KingdeeConnection(context, context.Bind<KingdeeOptions>());
    }
}

/// <summary>One data centre.</summary>
internal sealed class KingdeeConnection : IReadRecords, ICheckConnection, IRunActions
{
    private readonly KingdeeClient _client;
    private readonly KingdeeReader _reader;
    private readonly KingdeeActions _actions;

    public KingdeeConnection(ConnectionContext context, KingdeeOptions options)
    {
        _client = new(context, options);
        _reader = new(_client, options);
        _actions = new(_client);
    }

    public IAsyncEnumerable<StreamItem> ReadAsync(ReadRequest request, CancellationToken cancellationToken) =>
        _reader.ReadAsync(KingdeeForm.All.FirstOrDefault(f => f.Stream == request.Stream)
            ?? throw new ConnectorException(ConnectorErrorKind.Configuration, $"kingdee has no stream '{request.Stream}'"), request, cancellationToken);

    public Task CheckAsync(CancellationToken cancellationToken) => _client.QueryAsync("BD_Customer", ["FCUSTID"], "", "FCUSTID ASC", 0, 1, cancellationToken);

    public Task<ActionResult> RunAsync(ActionRequest request, CancellationToken cancellationToken) => _actions.RunAsync(request, cancellationToken);

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
