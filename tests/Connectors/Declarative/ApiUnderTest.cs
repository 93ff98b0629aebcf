using System.Globalization;
using System.Text.Json.Nodes;
using IntegrationHub.Connections.Declarative;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Callbacks;
using IntegrationHub.Sdk.Simulation;
using IntegrationHub.Sdk.Testing.Conformance;

namespace IntegrationHub.Connectors.Tests.Declarative;

/// <summary>A manifest on the simulated vendor of the same style, with fourteen items on four pages.</summary>
internal sealed class ApiUnderTest : ConnectorUnderTest
{
    private readonly ApiVendor _vendor;
    private readonly Action<JsonObject> _credentials;
    private readonly BadSettings[] _bad;
    private int _changes;

    public ApiUnderTest(ApiVendor vendor, string manifest, Action<JsonObject> credentials, BadSettings[] bad, params IReadOnlyList<string> secrets)
    {
        (_vendor, _credentials, _bad, Secrets) = (vendor, credentials, bad, secrets);
        Connector = DeclarativeFolder.Compile("manifest.yaml", manifest, ManifestCodes.None);
        for (var i = 1; i <= 14; i++)
            _vendor.Items.Add(new(Id(i), _vendor.Time.GetUtcNow().AddMinutes(-60 + i), $"Item {i}"));
    }

    public override IConnector Connector { get; }

    public override VendorSimulator Simulator => _vendor;

    public override IReadOnlyList<string> Secrets { get; }

    public override IReadOnlyList<BadSettings> BadSettings => _bad;

    public IReadOnlyList<CallbackSample> Samples { get; init; } = [];

    public override IReadOnlyList<CallbackSample> Callbacks => Samples;

    public override IReadOnlyList<ActionSample> Actions => Connector.Manifest.Actions.Count == 0 ? [] :
        [new("create_item", new() { ["name"] = "New {n}", ["amount"] = 12.50 }, () => _vendor.Created, "name")];

    public override JsonObject Settings()
    {
        var settings = new JsonObject { ["url"] = _vendor.Address.AbsoluteUri };
        _credentials(settings);
        return settings;
    }

    public override IReadOnlyCollection<string> Expected(string stream) => [.. _vendor.Items.Select(i => i.Id)];

    public override void Change(string stream)
    {
        ((JumpingClock)_vendor.Time).Advance(TimeSpan.FromSeconds(30));
        var (now, change) = (_vendor.Now, _changes++);
        _vendor.Items.Add(new(Id(100 + change), now, "Added"));
        foreach (var moved in new[] { change % 14, (change + 7) % 14 })
            _vendor.Items[moved] = _vendor.Items[moved] with { Changed = now, Name = $"Changed {change}" };
    }

    public override bool Arrange(string stream, Disturbance disturbance)
    {
        switch (disturbance)
        {
            case Disturbance.Ties:
                for (var i = 0; i < 11; i++)
                    _vendor.Items[i] = _vendor.Items[i] with { Changed = _vendor.Time.GetUtcNow().AddMinutes(-30) };
                return true;
            case Disturbance.Duplicates:
                _vendor.RepeatsRows = true;
                return true;
            default:
                _vendor.Items[5] = _vendor.Items[5] with { Name = new('x', 20 * 1024 * 1024) };
                return true;
        }
    }

    private static string Id(int number) => number.ToString("'it-'000", CultureInfo.InvariantCulture);
}
