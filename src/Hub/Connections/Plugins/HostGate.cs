using System.Net;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Http;

namespace IntegrationHub.Connections.Plugins;

/// <summary>Lets the requests of a connector through to the hosts it may call, and follows redirects of reads there.</summary>
internal sealed class HostGate(string connector, Func<string, bool> allows) : DelegatingHandler
{
    private const int MostRedirects = 10;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Check(request.RequestUri!);
        var response = await base.SendAsync(request, cancellationToken);
        for (var count = 0; count < MostRedirects && IsRead(request) && !StaysHere(request) && response.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect && response.Headers.Location is { } location; count++)
        {
            var target = new Uri(request.RequestUri!, location);
            Check(target);
            if (request.RequestUri!.Scheme == Uri.UriSchemeHttps && target.Scheme != Uri.UriSchemeHttps)
                throw new ConnectorException(ConnectorErrorKind.Permanent, $"connector '{connector}': {request.RequestUri.IdnHost} redirects to an address without encryption, which is not followed");
            response.Dispose();
            request = Redirected(request, target);
            response = await base.SendAsync(request, cancellationToken);
        }

        return response;
    }

    /// <summary>A request of its own, so that one that is tried again begins where it began. What was meant for one host is not shown to another.</summary>
    private static HttpRequestMessage Redirected(HttpRequestMessage request, Uri target)
    {
        var next = new HttpRequestMessage(request.Method, target) { Version = request.Version, VersionPolicy = request.VersionPolicy };
        var isSameHost = target.Scheme == request.RequestUri!.Scheme && string.Equals(target.Authority, request.RequestUri.Authority, StringComparison.OrdinalIgnoreCase);
        foreach (var (name, values) in request.Headers.NonValidated)
            if (isSameHost || name.StartsWith("Accept", StringComparison.OrdinalIgnoreCase) || name.Equals("User-Agent", StringComparison.OrdinalIgnoreCase))
                next.Headers.TryAddWithoutValidation(name, values);
        return next;
    }

    private static bool StaysHere(HttpRequestMessage request) => request.Options.TryGetValue(ConnectorHttp.StayHere, out var stays) && stays;

    private static bool IsRead(HttpRequestMessage request) => request.Method == HttpMethod.Get || request.Method == HttpMethod.Head;

    private void Check(Uri address)
    {
        if (!allows(address.IdnHost))
            throw new ConnectorException(ConnectorErrorKind.Configuration, $"connector '{connector}' may not call '{address.IdnHost}': {PluginManifest.FileName} does not list it under 'hosts:'");
    }
}
