using System.Globalization;
using System.Text.Json.Nodes;
using IntegrationHub.Connectors.Kingdee;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Simulation;
using IntegrationHub.Sdk.Testing.Conformance;
using IntegrationHub.Simulators.Kingdee;

namespace IntegrationHub.Connectors.Tests.Kingdee;

public sealed class KingdeeWithSignedHeadersConformance : ConnectorConformance
{
    protected override ConnectorUnderTest Create() => new KingdeeUnderTest("signedHeaders");
}

public sealed class KingdeeWithSessionConformance : ConnectorConformance
{
    protected override ConnectorUnderTest Create() => new KingdeeUnderTest("appSecret");
}

internal sealed class KingdeeUnderTest : ConnectorUnderTest
{
    private const int Documents = 40;

    private readonly string _auth;
    private readonly KingdeeSimulator _simulator = new(new JumpingClock(new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero)));
    private int _changes;

    public KingdeeUnderTest(string auth)
    {
        _auth = auth;
        foreach (var form in KingdeeForm.All)
            for (var i = 1; i <= Documents; i++)
                _simulator.Table(form.Id).AddSample(i, _simulator.Now.AddHours(-Documents + i));
        AddCustomer("DRAFT", "A");
        AddCustomer("WAITING", "B");
    }

    public override IConnector Connector { get; } = new KingdeeConnector();

    public override VendorSimulator Simulator => _simulator;

    public override IReadOnlyList<string> Secrets => [_simulator.Account.AppSecret, _simulator.Account.Password];

    public override bool RunsAnywhere => true;

    public override IReadOnlyCollection<string> WithoutPersonalData => ["materials", "sales_orders", "outstocks", "receivables", "receipts", "inventory"];

    public override IReadOnlyList<BadSettings> BadSettings =>
    [
        new("no address", s => s.Remove("url"), "url"),
        new("a file as address", s => s["url"] = "file:///etc/passwd", "url"),
        new("no secret", s => s.Remove("appSecret"), "appSecret"),
        new("half an application id", s => { s["appId"] = "210001_AQID"; s["auth"] = "signedHeaders"; }, "appId"),
        new("a page of nothing", s => s["pageSize"] = 0, "pageSize"),
        new("a field without its stream", s => s["moreFields"] = new JsonArray("FName"), "moreFields"),
        .. _auth == "appSecret" ? [new BadSettings("a wrong secret", s => s["appSecret"] = "ffffffffffffffffffffffffffffffff", "appSecret")] : Array.Empty<BadSettings>(),
        new("a wrong password", s => { s["auth"] = "password"; s["password"] = "wrong-password"; }, "password"),
        new("another path", s => s["url"] = s["url"]!.ToString() + "elsewhere/", "address"),
    ];

    public override IReadOnlyList<ActionSample> Actions =>
    [
        new("save_customer", Customer("N-{n}"), () => Count("BD_Customer", "FNumber", "N-"), "name"),
        new("submit_customer", new() { ["number"] = "DRAFT" }, () => Status("DRAFT") == "B" ? 1 : 0, "number") { IsNaturallyIdempotent = true },
        new("audit_customer", new() { ["number"] = "WAITING" }, () => Status("WAITING") == "C" ? 1 : 0, "number") { IsNaturallyIdempotent = true },
        new("create_sales_order", new()
        {
            ["number"] = "SO-{n}", ["date"] = "2026-03-01", ["organisation"] = "100", ["customer"] = "C00001",
            ["lines"] = new JsonArray(new JsonObject { ["material"] = "M-00001", ["unit"] = "Pcs", ["quantity"] = 3, ["taxPrice"] = 11.30m }),
        }, () => Count("SAL_SaleOrder", "FBillNo", "SO-"), "customer"),
    ];

    public override JsonObject Settings() => new()
    {
        ["url"] = _simulator.Site.ToString(),
        ["acctId"] = _simulator.Account.AcctId,
        ["user"] = _simulator.Account.User,
        ["auth"] = _auth,
        ["appId"] = _simulator.Account.AppId,
        ["appSecret"] = _simulator.Account.AppSecret,
        ["pageSize"] = 7,
    };

    public override IReadOnlyCollection<string> Expected(string stream) => [.. Table(stream).Documents.Select(Id)];

    public override void Change(string stream)
    {
        ((JumpingClock)_simulator.Time).Advance(TimeSpan.FromMinutes(1));
        var table = Table(stream);
        var now = _simulator.Now.ToOffset(TimeSpan.FromHours(8)).ToString("yyyy-MM-dd'T'HH:mm:ss.fff", CultureInfo.InvariantCulture);
        table.AddSample(Documents + ++_changes, _simulator.Now);
        foreach (var document in new[] { table.Documents.First(), table.Documents.Skip(Documents / 2).First() })
        {
            document.Header[table.Number is "FBillNo" ? "FBillNo" : document.Header.ContainsKey("FName") ? "FName" : "FLot.FNumber"] = $"changed {_changes}";
            if (table.HasChanged)
                document.Header["FModifyDate"] = now;
        }

        table.Changed();
    }

    public override bool Arrange(string stream, Disturbance disturbance)
    {
        var table = Table(stream);
        switch (disturbance)
        {
            case Disturbance.Ties when table.HasChanged:
                foreach (var document in table.Documents.Skip(5).Take(25))
                    document.Header["FModifyDate"] = "2026-02-28T12:00:00.000";
                table.Changed();
                return true;
            case Disturbance.Duplicates:
                return _simulator.RepeatsRows = true;
            case Disturbance.HugeRecord:
                var huge = table.Documents.Skip(10).First();
                huge.Header[table.Number is "FBillNo" ? "FBillNo" : "FStockId.FName" is var name && huge.Header.ContainsKey(name) ? name : "FName"] = new string('大', 7_000_000);
                table.Changed();
                return true;
            default:
                return false;
        }
    }

    private static string Id(KingdeeDocument document) => document.Text("FID") ?? document.Key.ToString(CultureInfo.InvariantCulture);

    private static JsonObject Customer(string number) => new() { ["number"] = number, ["name"] = "新客户有限公司", ["organisation"] = "100", ["phone"] = "021-61050000" };

    private KingdeeTable Table(string stream) => _simulator.Table(KingdeeForm.All.Single(f => f.Stream == stream).Id);

    private int Count(string form, string field, string prefix) => _simulator.Table(form).Documents.Count(d => d.Text(field)!.StartsWith(prefix, StringComparison.Ordinal));

    private string? Status(string number) => _simulator.Table("BD_Customer").Documents.Single(d => d.Text("FNumber") == number).Text("FDocumentStatus");

    private void AddCustomer(string number, string status)
    {
        var document = _simulator.Table("BD_Customer").AddSample(900, _simulator.Now);
        document.Header["FNumber"] = number;
        document.Header["FDocumentStatus"] = status;
    }
}
