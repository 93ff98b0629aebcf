using System.Net;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connections.Plugins;

/// <summary>Lets the requests of a connector through to the hosts it may call, and follows redirects of reads there.</summary>
internal sealed class HostGate(string connector, Func<string, bool> allows) : DelegatingHandler
{
    private const int MostRedirects = 10;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Check(request.RequestUri!);
        var response = await base.SendAsync(request, cancellationToken);
        for (var count = 0; count < MostRedirects && IsRead(request) && response.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect && response.Headers.Location is { } location; count++)
        {
            var target = new Uri(request.RequestUri!, location);
            Check(target);
            response.Dispose();
            // What was meant for one host is not shown to another.
            if (!string.Equals(target.Authority, request.RequestUri!.Authority, StringComparison.OrdinalIgnoreCase))
                request.Headers.Authorization = null;
            request.RequestUri = target;
            response = await base.SendAsync(request, cancellationToken);
        }

        return response;
    }

    private static bool IsRead(HttpRequestMessage request) => request.Method == HttpMethod.Get || request.Method == HttpMethod.Head;

    private void Check(Uri address)
    {
        if (!allows(address.IdnHost))
            throw new ConnectorException(ConnectorErrorKind.Configuration, $"connector '{connector}' may not call '{address.IdnHost}': {PluginManifest.FileName} does not list it under 'hosts:'");
    }
}
