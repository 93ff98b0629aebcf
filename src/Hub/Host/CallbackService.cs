using IntegrationHub.Connections.Callbacks;

namespace IntegrationHub.Host;

/// <summary>Keeps the desk for callbacks open while the hub serves.</summary>
internal sealed class CallbackService(CallbackDesk desk) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => desk.OpenAsync(cancellationToken);

    public async Task StopAsync(CancellationToken cancellationToken) => await desk.DisposeAsync();
}
