using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using IntegrationHub.Sdk.Simulation;
using IntegrationHub.Simulators.Kingdee;

namespace IntegrationHub.Acceptance;

/// <summary>
/// A whole read of a simulated Kingdee site through rate limits, ended sessions and killed processes gives the golden data of an undisturbed one.
/// HUB_KINGDEE_RECORDS says how many records (default 6,000; the full measure is 100,000).
/// </summary>
public sealed class KingdeeSyncTests
{
    private const int Kills = 3;
    private const int Expiries = 2;

    [Fact]
    public async Task Sync_through_rate_limits_ended_sessions_and_kills_equals_an_undisturbed_one()
    {
        var records = int.Parse(Environment.GetEnvironmentVariable("HUB_KINGDEE_RECORDS") ?? "6000", CultureInfo.InvariantCulture);
        using var site = new KingdeeSimulator(TimeProvider.System) { RetryAfterSeconds = 1 };
        Fill(site, records);
        using var calm = Folder(site);
        (await calm.RunAsync("sync", "erp")).Succeeded();
        var calls = site.DataCalls;
        var expected = await StateAsync(calm);

        using var disturbed = Folder(site);
        for (var i = 1; i <= 8; i++)
            site.Inject(i * calls / 9, Fault.TooManyRequests);
        for (var i = 1; i <= Expiries; i++)
            site.Inject((i * calls / (Expiries + 1)) + 1, Fault.TokensExpire);
        for (var kill = 1; kill <= Kills; kill++)
        {
            var at = calls + (kill * calls / (Kills + 1));
            using var process = disturbed.Start("sync", "erp");
            process.StandardInput.Close();
            _ = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            while (site.DataCalls < at && !process.HasExited)
                await Task.Delay(20, TestContext.Current.CancellationToken);
            Assert.False(process.HasExited, "the sync ended before it was killed: " + (process.HasExited ? await error : ""));
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        (await disturbed.RunAsync("sync", "erp")).Succeeded();
        Assert.True(site.Logins >= 2 + Expiries, $"{site.Logins} logins only: the sessions did not end as they should");
        Assert.Equal(expected, await StateAsync(disturbed));
    }

    private static void Fill(KingdeeSimulator site, int records)
    {
        var start = TimeProvider.System.GetUtcNow().AddDays(-30);
        string[] forms = ["BD_Customer", "SAL_SaleOrder", "BD_MATERIAL", "AR_receivable"];
        foreach (var form in forms)
            for (var i = 1; i <= records / forms.Length; i++)
                // Several documents of one instant, so that ties fall on the edges of pages.
                site.Table(form).AddSample(i, start.AddSeconds(i / 7 * 5));
    }

    private static HubFolder Folder(KingdeeSimulator site)
    {
        var folder = new HubFolder();
        folder.Write("secret.txt", site.Account.AppSecret);
        folder.Write("hub.yaml", $$"""
            workspace: kingdee
            connections:
              erp:
                connector: kingdee
                config:
                  url: {{site.Site}}
                  acctId: {{site.Account.AcctId}}
                  user: {{site.Account.User}}
                  auth: appSecret
                  appId: {{site.Account.AppId}}
                  appSecret: ${file:secret.txt}
                  callsPerMinute: 100000
            """);
        return folder;
    }

    private static async Task<string> StateAsync(HubFolder folder)
    {
        var state = new StringBuilder();
        foreach (var entity in new[] { "customer", "order", "product", "receivable" })
        {
            // Entity numbers are given in order of creation, which a run that broke off does not change; the rest must not differ either.
            var lines = (await folder.RunAsync("export", entity)).Succeeded().Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.NotEmpty(lines);
            foreach (var line in lines)
                state.AppendLine(Golden(line));
        }

        return state.ToString();
    }

    private static string Golden(string line)
    {
        var entity = JsonNode.Parse(line)!.AsObject();
        foreach (var volatileName in new[] { "updatedAt", "createdAt", "change" })
            entity.Remove(volatileName);
        return entity.ToJsonString();
    }
}
