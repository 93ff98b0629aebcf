using IntegrationHub.Connections.Supervision;
using IntegrationHub.Yaml;

namespace IntegrationHub.Connections.Configuration;

/// <summary>Reads <c>supervision:</c> in <c>hub.yaml</c>.</summary>
internal static class SupervisionSection
{
    private const int Megabyte = 1 << 20;

    public static SupervisionLimits Read(YamlSection hub, Diagnostics diagnostics)
    {
        var fallback = new SupervisionLimits();
        if (YamlSection.Over(hub.Get("supervision"), "supervision", diagnostics) is not { } section)
            return fallback;
        int Number(string name, double usual, int least, int most) => HubConfigFile.Number(section, name, (int)usual, least, most, diagnostics);
        var read = new SupervisionLimits
        {
            Silence = TimeSpan.FromSeconds(Number("silenceSeconds", fallback.Silence.TotalSeconds, 1, 86_400)),
            Call = TimeSpan.FromSeconds(Number("callSeconds", fallback.Call.TotalSeconds, 1, 86_400)),
            Grace = TimeSpan.FromSeconds(Number("graceSeconds", fallback.Grace.TotalSeconds, 1, 3_600)),
            Unchecked = Number("unchecked", fallback.Unchecked, 1, 100_000_000),
            UncheckedBytes = (long)Number("uncheckedMegabytes", fallback.UncheckedBytes / Megabyte, 1, 1_000_000) * Megabyte,
            GrowthBytes = (long)Number("growthMegabytes", fallback.GrowthBytes / Megabyte, 1, 1_000_000) * Megabyte,
            GrowthHandles = Number("growthHandles", fallback.GrowthHandles, 1, 10_000_000),
        };
        section.Finish();
        return read;
    }
}
