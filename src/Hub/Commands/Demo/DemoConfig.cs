using IntegrationHub.Connections;
using IntegrationHub.Connections.Configuration;

namespace IntegrationHub.Commands.Demo;

/// <summary>The demo's <c>hub.yaml</c>. It stands with the demo's data, so that other commands find it by <c>--data</c>, and is the person's from then on.</summary>
internal static class DemoConfig
{
    private const string Mark = "# Written by 'hub demo'.";

    /// <summary>What an earlier demo wrote, or <c>null</c>.</summary>
    public static HubConfig? Read(string data) => File.Exists(PathIn(data)) ? HubConfigFile.Read(PathIn(data)) with { Data = data } : null;

    /// <summary>Whether a demo wrote the configuration in a folder.</summary>
    public static bool IsOurs(string data) => File.Exists(PathIn(data)) && File.ReadLines(PathIn(data)).FirstOrDefault()?.StartsWith(Mark, StringComparison.Ordinal) == true;

    public static HubConfig Write(string data, string listen, DemoVendors? vendors)
    {
        var samples = Path.Combine(AppContext.BaseDirectory, "samples");
        File.WriteAllText(PathIn(data), $"""
            {Mark} Real public notices; licences stand in {samples}/README.md.
            workspace: demo
            listen: {listen}
            connections:
              public-tenders:
                connector: ocds
                config: {"{"} path: '{Path.Combine(samples, "ocds").Replace("'", "''", StringComparison.Ordinal)}' {"}"}
            {(vendors is null ? "" : Vendors(vendors))}
            """);
        return Read(data)!;
    }

    /// <summary>The simulated vendors' secrets, where they are not there yet.</summary>
    public static async ValueTask KeepSecretsAsync(Workspace workspace, DemoVendors vendors, CancellationToken cancel)
    {
        foreach (var (name, value) in Secrets(vendors))
            if (await workspace.Secrets.GetAsync(name, cancel) is null)
                await workspace.Secrets.SetAsync(name, value, cancel);
    }

    private static IEnumerable<(string Name, string Value)> Secrets(DemoVendors vendors) =>
    [
        ("simulated-wecom-secret", vendors.Access("wecom", "corpSecret")),
        ("simulated-wecom-token", vendors.Access("wecom", "callbackToken")),
        ("simulated-wecom-aes", vendors.Access("wecom", "encodingAesKey")),
        ("simulated-wecom-robot", vendors.Access("wecom", "robotKey")),
        ("simulated-kingdee-secret", vendors.Access("kingdee", "appSecret")),
        ("simulated-esign-secret", vendors.Access("esign", "appSecret")),
    ];

    // The days reach back to the sample data, which does not grow younger.
    private static string Vendors(DemoVendors vendors) => $$"""

          # Simulated vendors: programs on this machine that answer as the vendors' documentation says.
          wecom-simulated:
            connector: wecom
            config:
              url: {{vendors.Access("wecom", "url")}}
              corpId: {{vendors.Access("wecom", "corpId")}}
              corpSecret: ${secret:simulated-wecom-secret}
              agentId: {{vendors.Access("wecom", "agentId")}}
              callbackToken: ${secret:simulated-wecom-token}
              encodingAesKey: ${secret:simulated-wecom-aes}
              robotKey: ${secret:simulated-wecom-robot}
              approvalDays: 3650
          kingdee-simulated:
            connector: kingdee
            # Kingdee has no callbacks: changes are asked for, here every ten seconds.
            schedule: "0/10 * * * * ?"
            config:
              url: {{vendors.Access("kingdee", "url")}}
              acctId: "{{vendors.Access("kingdee", "acctId")}}"
              user: {{vendors.Access("kingdee", "user")}}
              appId: {{vendors.Access("kingdee", "appId")}}
              appSecret: ${secret:simulated-kingdee-secret}
          esign-simulated:
            connector: esign
            config:
              url: {{vendors.Access("esign", "url")}}
              appId: "{{vendors.Access("esign", "appId")}}"
              appSecret: ${secret:simulated-esign-secret}
              days: 1825

        """;

    private static string PathIn(string data) => Path.Combine(data, "hub.yaml");
}
