using IntegrationHub.Connections.Configuration;
using IntegrationHub.Model;
using IntegrationHub.Yaml;

namespace IntegrationHub.Delivery;

/// <summary>What <c>hub.yaml</c> says about deliveries, checked against the model.</summary>
public sealed record DeliveryConfig(DeliveryLimits Limits, IReadOnlyList<Subscription> Subscriptions)
{
    /// <exception cref="InvalidFileException">With every fault.</exception>
    public static DeliveryConfig Read(DeliverySections sections, EntityModel model)
    {
        var diagnostics = new Diagnostics(sections.File);
        var limits = ReadLimits(sections.Limits, diagnostics);
        var subscriptions = sections.Subscriptions.Select(s => SubscriptionReader.Read(s.Key.Text, s.Value, isConfigured: true, model, diagnostics)).OfType<Subscription>().ToList();
        diagnostics.ThrowIfAny();
        return new(limits, subscriptions);
    }

    private static DeliveryLimits ReadLimits(YamlNode? node, Diagnostics diagnostics)
    {
        var fallback = new DeliveryLimits();
        if (YamlSection.Over(node, "delivery", diagnostics) is not { } section)
            return fallback;
        int Number(string name, double fallback, int least, int most) => HubConfigFile.Number(section, name, (int)fallback, least, most, diagnostics);
        var read = new DeliveryLimits
        {
            Window = Number("window", fallback.Window, 16, 100_000),
            GiveUpAfter = TimeSpan.FromHours(Number("giveUpAfterHours", fallback.GiveUpAfter.TotalHours, 1, 8_760)),
            LongestPause = TimeSpan.FromSeconds(Number("longestPauseSeconds", fallback.LongestPause.TotalSeconds, 1, 86_400)),
            Retention = TimeSpan.FromDays(Number("retentionDays", fallback.Retention.TotalDays, 1, 36_500)),
            ReplayPerSecond = Number("replayPerSecond", fallback.ReplayPerSecond, 1, 100_000),
            AllowInside = section.Texts("allowInside"),
        };
        section.Finish();
        for (var i = 0; i < read.AllowInside.Count; i++)
            if (AddressGuard.Fault(read.AllowInside[i]) is { } fault)
                diagnostics.Add(section.List("allowInside")[i], $"allowInside: {fault}");
        return read;
    }
}
