using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Connections.Recordings;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Http;
using IntegrationHub.Sdk.Simulation;

namespace IntegrationHub.Connectors.Tests.Declarative;

public sealed class RecordingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recording").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_recorded_read_can_be_replayed_and_holds_no_secret_and_no_personal_value()
    {
        using var subject = new SamGovUnderTest();
        var real = await ReadAsync(subject.Connector, subject.Settings(), subject.Simulator.Time, record: true);
        var files = Directory.GetFiles(_folder).Select(File.ReadAllText).ToList();
        Assert.Equal(subject.Simulator.DataCalls, files.Count);
        foreach (var text in files)
        {
            Assert.DoesNotContain(subject.Secrets[0], text, StringComparison.Ordinal);
            Assert.DoesNotContain("example.gov", text.Replace("https://", "", StringComparison.Ordinal), StringComparison.Ordinal);
            Assert.DoesNotContain("Contracting Officer", text, StringComparison.Ordinal);
            Assert.DoesNotContain("CANCER CAREPOINT ASSOCIATES, LLC\"", text.Replace("Q999--Cancer", "", StringComparison.Ordinal), StringComparison.Ordinal);
        }

        using var recorded = new RecordedVendor(_folder, subject.Simulator.Time, "api_key");
        var settings = subject.Settings();
        (settings["url"], settings["apiKey"]) = (recorded.Address.AbsoluteUri, "another");
        var replayed = await ReadAsync(subject.Connector, settings, subject.Simulator.Time, record: false);
        Assert.Equal(real, replayed);

        settings["state"] = "VA";
        await Assert.ThrowsAsync<ConnectorException>(() => ReadAsync(subject.Connector, settings, subject.Simulator.Time, record: false));
    }

    [Fact]
    public void Masked_values_keep_their_form_and_their_sameness()
    {
        var mask = new Mask();
        mask.Secret("s3cret/value");
        mask.Personal("李四");
        mask.Personal("13900139000");
        var masked = mask.Text("""{"id":"13900139000","name":"李四","note":"call 李四","access_token":"abc-DEF-123","at":1.50,"link":"https://x.example/?k=s3cret%2Fvalue"}""");
        var json = JsonNode.Parse(masked)!;
        Assert.Matches("^[0-9]{11}$", (string)json["id"]!);
        Assert.NotEqual("13900139000", (string)json["id"]!);
        Assert.Equal((string)json["id"]!, mask.Parameter("mobile", "13900139000"));
        Assert.Equal(2, ((string)json["name"]!).Length);
        Assert.Matches("^[a-z]{3}-[A-Z]{3}-[0-9]{3}$", (string)json["access_token"]!);
        Assert.DoesNotContain("s3cret", masked, StringComparison.Ordinal);
        Assert.Contains("\"at\":1.50", masked, StringComparison.Ordinal);
    }

    private async Task<List<string>> ReadAsync(IConnector connector, JsonObject settings, TimeProvider time, bool record)
    {
        var element = JsonSerializer.SerializeToElement(settings);
        var recording = new Recording(connector.Manifest, "opportunities", element);
        var context = new ConnectionContext
        {
            Name = "test",
            Settings = element,
            CreateHttpClient = () => ConnectorHttp.CreateClient(around: record ? recording.Handler() : null),
            ContentRoot = Path.GetTempPath(),
            Time = time,
            Log = Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance,
        };
        var ids = new List<string>();
        await using var connection = connector.Open(context);
        await foreach (var item in ((IReadRecords)connection).ReadAsync(new("opportunities"), TestContext.Current.CancellationToken))
            if (item is SourceRecord found)
            {
                ids.Add(found.Id);
                recording.Met(found);
            }

        if (record)
            recording.Write(_folder);
        return ids;
    }
}
