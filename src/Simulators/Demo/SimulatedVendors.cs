using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Simulators.Esign;
using IntegrationHub.Simulators.Kingdee;
using IntegrationHub.Simulators.Wecom;

namespace IntegrationHub.Simulators.Demo;

/// <summary>The three simulated vendors, filled from sample files: their data as the vendors would give it, one JSON file each.</summary>
public sealed class SimulatedVendors : IDisposable
{
    private SimulatedVendors(TimeProvider time, int port)
    {
        Page = new($"http://127.0.0.1:{port}");
        Time = time;
        Wecom = new(time, port: port + 1);
        Kingdee = new(time, port: port + 2);
        Esign = new(time, port: port + 3);
    }

    /// <summary>Where people look.</summary>
    public Uri Page { get; }

    /// <summary>The vendors' clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>Simulated.</summary>
    public WecomSimulator Wecom { get; }

    /// <summary>Simulated.</summary>
    public KingdeeSimulator Kingdee { get; }

    /// <summary>Simulated.</summary>
    public EsignSimulator Esign { get; }

    /// <summary>Starts the three.</summary>
    /// <param name="samples">Folder of the sample files.</param>
    /// <param name="time">The vendors' clock.</param>
    /// <param name="port">The page's port; the vendors take the next three.</param>
    /// <exception cref="IOException">A file is not there.</exception>
    /// <exception cref="JsonException">A file is not as it should be.</exception>
    public static SimulatedVendors Start(string samples, TimeProvider time, int port)
    {
        var vendors = new SimulatedVendors(time, port);
        try
        {
            Fill(vendors.Wecom.Data, Read(samples, "wecom.json"));
            foreach (var (form, documents) in Read(samples, "kingdee.json"))
                Fill(vendors.Kingdee.Table(form), documents!.AsArray());
            foreach (var (id, flow) in Read(samples, "esign.json"))
                vendors.Esign.Flows[id] = flow!.DeepClone().AsObject();
            return vendors;
        }
        catch
        {
            vendors.Dispose();
            throw;
        }
    }

    /// <summary>What a hub needs to use them, by vendor: the settings of its connector.</summary>
    public JsonObject Access() => new()
    {
        ["page"] = Page.GetLeftPart(UriPartial.Authority),
        ["wecom"] = new JsonObject
        {
            ["url"] = Wecom.Address.ToString(),
            ["corpId"] = Wecom.App.CorpId,
            ["corpSecret"] = Wecom.App.CorpSecret,
            ["agentId"] = Wecom.App.AgentId,
            ["callbackToken"] = Wecom.App.CallbackToken,
            ["encodingAesKey"] = Wecom.App.EncodingAesKey,
            ["robotKey"] = Wecom.App.RobotKey,
        },
        ["kingdee"] = new JsonObject
        {
            ["url"] = Kingdee.Site.ToString(),
            ["acctId"] = Kingdee.Account.AcctId,
            ["user"] = Kingdee.Account.User,
            ["appId"] = Kingdee.Account.AppId,
            ["appSecret"] = Kingdee.Account.AppSecret,
        },
        ["esign"] = new JsonObject
        {
            ["url"] = Esign.Address.ToString(),
            ["appId"] = Esign.AppId,
            ["appSecret"] = Esign.AppSecret,
        },
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        Wecom.Dispose();
        Kingdee.Dispose();
        Esign.Dispose();
    }

    private static JsonObject Read(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        try
        {
            return JsonNode.Parse(File.ReadAllBytes(path)) as JsonObject ?? throw new JsonException("it is no JSON object");
        }
        catch (JsonException e)
        {
            throw new JsonException($"{path}: {e.Message}", e);
        }
    }

    private static void Fill(WecomData data, JsonObject file)
    {
        foreach (var department in Rows(file, "departments"))
            data.Departments[department["id"]!.GetValue<int>()] = department;
        foreach (var employee in Rows(file, "employees"))
            data.Employees[employee["userid"]!.GetValue<string>()] = employee;
        foreach (var contact in Rows(file, "contacts"))
            data.Contacts[contact["external_contact"]!["external_userid"]!.GetValue<string>()] = contact;
        foreach (var group in Rows(file, "tagGroups"))
            data.TagGroups[group["group_id"]!.GetValue<string>()] = group;
        foreach (var chat in Rows(file, "chats"))
            data.Chats[chat["chat_id"]!.GetValue<string>()] = chat;
        foreach (var approval in Rows(file, "approvals"))
            data.Approvals[approval["sp_no"]!.GetValue<string>()] = approval;
    }

    private static void Fill(KingdeeTable table, JsonArray documents)
    {
        foreach (var document in documents)
        {
            var header = document!.DeepClone().AsObject();
            List<JsonObject> lines = header["lines"] is JsonArray list ? [.. list.Select(l => l!.DeepClone().AsObject())] : [];
            header.Remove("lines");
            var key = header[table.Key]?.DeepClone();
            var added = table.Add(header, lines);
            // Keys that are texts stand in the file; the others are given here.
            if (key is not null)
                added.Header[table.Key] = key;
        }
    }

    private static IEnumerable<JsonObject> Rows(JsonObject file, string name) => (file[name] as JsonArray ?? []).Select(r => r!.DeepClone().AsObject());
}
