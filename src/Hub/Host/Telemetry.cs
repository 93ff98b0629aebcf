using IntegrationHub.Connections.Configuration;
using IntegrationHub.Connections.Runs;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace IntegrationHub.Host;

/// <summary>Sends metrics and traces to an OTLP collector when one is configured.</summary>
internal static class Telemetry
{
    private const int HttpPort = 4318;

    public static void Add(IServiceCollection services, HubConfig config)
    {
        if (config.Telemetry.Otlp is not { } address)
            return;
        var endpoint = new Uri(address);
        services.AddOpenTelemetry()
            .ConfigureResource(r => r.AddService("integration-hub", serviceNamespace: config.Workspace))
            .WithMetrics(metrics => metrics
                .AddMeter(HubMetrics.Name)
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation()
                .AddOtlpExporter(o => Point(o, endpoint, "metrics")))
            .WithTracing(traces => traces
                .AddSource(HubMetrics.Name)
                // Filters and wrong ids may name people: requests are traced by their route, without path and query.
                .AddAspNetCoreInstrumentation(o => o.EnrichWithHttpResponse = (activity, _) => activity.SetTag("url.query", null).SetTag("url.path", null))
                .AddHttpClientInstrumentation()
                .AddOtlpExporter(o => Point(o, endpoint, "traces")));
    }

    /// <summary>The port says which of the two OTLP transports is meant, as the standard assigns them.</summary>
    private static void Point(OtlpExporterOptions options, Uri endpoint, string signal)
    {
        var isHttp = endpoint.Port == HttpPort;
        options.Protocol = isHttp ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        options.Endpoint = isHttp ? new Uri(endpoint, $"/v1/{signal}") : endpoint;
    }
}
