using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Delivery;
using IntegrationHub.Mapping;

namespace IntegrationHub.Tests.Delivery.Rules;

/// <summary>The examples of docs/guides/rules.md, with the connectors they are for.</summary>
public sealed class RuleGuideTests
{
    private static readonly Dictionary<string, (string Document, string Input)> Cases = new()
    {
        ["receipt-booked"] = (
            """{"current":{"status":"received","number":"SKD1"},"linked":{"customer":{"name":"示例科技","linked":{"owner":{"keys":{"chat":"zhangsan"}}}}}}""",
            """{"users":["zhangsan"],"text":"示例科技: SKD1 is booked"}"""),
        ["tender-of-a-customer"] = (
            """{"current":{"status":"active","title":"Pumps"},"linked":{"buyer":{"name":"City","connections":["erp"],"linked":{}}}}""",
            """{"users":["sales-desk"],"text":"City: Pumps"}"""),
        ["order-of-a-signed-agreement"] = (
            """
            {"current":{"status":"signed","number":"7","signedAt":"2026-01-01T17:00:00Z"},"linked":{"customer":{"keys":{"erp":"C0001"}},
             "opportunity":{"items":[{"sku":"M1","unit":"Pcs","quantity":2,"unitPrice":{"amount":10.50,"currency":"CNY"}}]}}}
            """,
            """{"number":"HT-7","date":"2026-01-02","organisation":"100","customer":"C0001","lines":[{"material":"M1","unit":"Pcs","quantity":2,"taxPrice":10.50}]}"""),
        ["proposal-rests"] = (
            """{"current":{"stage":"proposal","title":"Pumps","stageChangedAt":"2026-01-01T00:00:00Z"},"linked":{"owner":{"keys":{"chat":"zhangsan"}}}}""",
            """{"users":["zhangsan"],"text":"Pumps has been a proposal since 2026-01-01T00:00:00Z"}"""),
    };

    [Fact]
    public async Task Examples_are_free_of_faults_and_build_what_their_actions_take()
    {
        var guide = await File.ReadAllTextAsync(Path.Combine(Root(), "docs", "guides", "rules.md"), TestContext.Current.CancellationToken);
        await using var hub = await DeliveryRig.OpenAsync(
            config =>
            {
                var folder = Directory.CreateDirectory(Path.Combine(config.Root, "mappings", "rules")).FullName;
                foreach (Match example in Regex.Matches(guide, "```yaml\n(rule: (\\S+).*?)```", RegexOptions.Singleline))
                    File.WriteAllText(Path.Combine(folder, example.Groups[2].Value + ".yaml"), example.Groups[1].Value);
                return config with { Connections = [Connection("erp", "kingdee", 1), Connection("chat", "wecom", 2), Connection("contracts", "esign", 3)] };
            },
            [.. new[] { "kingdee", "wecom", "esign" }.Select(ConnectorRegistry.BuiltIn().Get)]);
        var rules = Subscriptions.Open(hub.Workspace).Rules;
        Assert.Equal(Cases.Keys.Order(), rules.Select(r => r.Name).Order());
        foreach (var rule in rules)
        {
            var (document, expected) = Cases[rule.Name];
            var input = Assert.Single(rule.Steps).Input.Build(Encoding.UTF8.GetBytes(document), MappingLimits.Default, out var fault);
            Assert.True(input is not null, fault);
            Assert.Equal(expected, Encoding.UTF8.GetString(input));
        }
    }

    private static ConnectionConfig Connection(string name, string connector, int line) => new(name, connector, JsonDocument.Parse("{}").RootElement, null, null, line);

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "IntegrationHub.sln")))
            folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
