using System.Text.Json;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Yaml;

namespace IntegrationHub.Connections;

/// <summary>Tells the sovereignty log when a hub is opened with another configuration than the last time, and which sections differ.</summary>
internal static class ConfigurationLog
{
    private const string Kind = "configuration";
    private const string Name = "sections";

    public static async ValueTask NoteAsync(Workspace workspace, CancellationToken cancellationToken)
    {
        var now = Sections(workspace.Config, workspace.Log.Writer);
        if (Equal(now, await workspace.Store.Reader.DocumentAsync(Kind, Name, cancellationToken)))
            return;
        await using var transaction = await workspace.Store.BeginAsync(cancellationToken);
        var json = await transaction.DocumentAsync(Kind, Name);
        if (Equal(now, json))
            return;
        var before = json is null ? [] : JsonSerializer.Deserialize<SortedDictionary<string, string>>(json)!;
        await transaction.SaveDocumentAsync(Kind, Name, JsonSerializer.Serialize(now));
        var log = workspace.Log.Writer;
        log.Write(transaction, new LogEntry(LogAction.Configure, log.Operator)
        {
            To = log.Here,
            About = [.. now.Keys.Union(before.Keys).Where(s => now.GetValueOrDefault(s) != before.GetValueOrDefault(s)).Order(StringComparer.Ordinal)
                .Select(s => (s, before.ContainsKey(s) ? now.ContainsKey(s) ? "changed" : "removed" : "added"))],
        });
        await transaction.CommitAsync();
    }

    private static bool Equal(SortedDictionary<string, string> now, string? json) => json == JsonSerializer.Serialize(now);

    /// <summary>Each section with a commitment to its content: settings may hold what nobody should guess at.</summary>
    private static SortedDictionary<string, string> Sections(HubConfig config, LogWriter log)
    {
        string Of(object? value) => log.Commit("configuration", JsonSerializer.Serialize(value));
        var sections = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["workspace"] = Of((config.Workspace, config.Region).ToString()),
            ["limits"] = Of(config.Limits),
            ["api"] = Of((config.Listen, config.Api).ToString()),
            ["telemetry"] = Of(config.Telemetry),
            ["log"] = Of((config.Log.Origin, config.Log.Public, config.Log.Quorum, string.Join(' ', config.Log.Witnesses)).ToString()),
        };
        if (config.Delivery.Limits is { } delivery)
            sections["delivery"] = Of(YamlJson.Write(delivery));
        foreach (var (name, subscription) in config.Delivery.Subscriptions)
            sections["subscription:" + name.Text] = Of(YamlJson.Write(subscription));
        foreach (var connection in config.Connections)
            sections["connection:" + connection.Name] = Of(connection with { Line = 0 });
        return sections;
    }
}
