using Microsoft.Extensions.Logging.Console;

namespace IntegrationHub.Host;

/// <summary>The log of a hub process. No values of records are ever logged; the frameworks below speak up from warnings on, because their lower levels log addresses.</summary>
public static class HubLogs
{
    private static readonly string[] Below = ["Microsoft", "System", "Quartz", "Polly"];

    /// <param name="json">One JSON object per line, for collectors; otherwise lines for people.</param>
    /// <param name="level">From which level the hub itself speaks.</param>
    public static ILoggerFactory Create(bool json, LogLevel level = LogLevel.Information) => LoggerFactory.Create(logs =>
    {
        logs.SetMinimumLevel(level);
        foreach (var below in Below)
            logs.AddFilter(below, level > LogLevel.Warning ? level : LogLevel.Warning);
        // The host's own message about a failed start repeats what the command line tells.
        logs.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        // Standard output belongs to what commands print.
        logs.Services.Configure<ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
        if (json)
            logs.AddJsonConsole(o => o.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fffK");
        else
            logs.AddSimpleConsole(o =>
            {
                o.SingleLine = true;
                o.TimestampFormat = "HH:mm:ss ";
                o.ColorBehavior = LoggerColorBehavior.Default;
            });
    });
}
