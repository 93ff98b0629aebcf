using IntegrationHub.Sdk;

namespace AcmeCrm;

/// <summary>What the connector is.</summary>
public sealed class AcmeCrmConnector : IConnector
{
    /// <inheritdoc/>
    public ConnectorManifest Manifest { get; } = new()
    {
        Id = "acmecrm",
        Title = "AcmeCrm",
        Family = ConnectorFamily.Other,
        Description = "Customers of AcmeCrm.",
        Options = typeof(AcmeCrmOptions),
        Region = "REGION-OF-THE-VENDOR",
        Streams = [new() { Name = "customers", Description = "Customers.", PersonalData = ["$.email"] }],
    };

    /// <inheritdoc/>
    public IConnection Open(ConnectionContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new AcmeCrmConnection(new(context, context.Bind<AcmeCrmOptions>()));
    }
}

/// <summary>One account. Callbacks and actions: implement <c>IReceiveCallbacks</c> and <c>IRunActions</c>, and say so in the manifest.</summary>
internal sealed class AcmeCrmConnection(AcmeCrmClient client) : IReadRecords, ICheckConnection
{
    public IAsyncEnumerable<StreamItem> ReadAsync(ReadRequest request, CancellationToken cancellationToken) => request.Stream == "customers"
        ? new AcmeCrmReader(client).ReadAsync(request, cancellationToken)
        : throw new ConnectorException(ConnectorErrorKind.Configuration, $"acmecrm has no stream '{request.Stream}'; it has 'customers'");

    public Task CheckAsync(CancellationToken cancellationToken) => client.GetAsync("customers", cancellationToken);

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }
}
