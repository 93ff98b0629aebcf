using IntegrationHub.Sdk;

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
        var options = context.Bind<KingdeeOptions>();
        var client = new KingdeeClient(context, options);
        return new ConnectionParts
        {
            Read = new KingdeeReader(client, options).ReadAsync,
            Check = cancel => client.QueryAsync("BD_Customer", ["FCUSTID"], "", "FCUSTID ASC", 0, 1, cancel),
            Act = new KingdeeActions(client).RunAsync,
            Client = client,
        }.Connect(Manifest);
    }
}
