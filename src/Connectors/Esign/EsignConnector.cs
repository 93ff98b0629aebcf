using IntegrationHub.Sdk;

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
        var options = context.Bind<EsignOptions>();
        var client = new EsignClient(context, options);
        var reader = new EsignReader(client, options, context.Time);
        var callbacks = new EsignCallbacks(options, reader, context.Time);
        return new ConnectionParts
        {
            Read = reader.ReadAsync,
            Check = reader.CheckAsync,
            Receive = callbacks.Receive,
            ReadEvents = callbacks.ReadAsync,
            Act = new EsignActions(client, reader, context.Time).RunAsync,
            Client = client,
        }.Connect(Manifest);
    }
}
