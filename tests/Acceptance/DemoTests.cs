using System.Globalization;
using System.IO.Compression;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace IntegrationHub.Acceptance;

/// <summary>What the demo prints is what stands in the sample files, counted by other means.</summary>
public sealed partial class DemoTests
{
    private static readonly string[] Sections = ["planning", "tender", "awards", "contracts", "contract"];

    [Fact]
    public async Task Demo_prints_the_counts_of_the_samples_and_a_second_one_changes_nothing()
    {
        using var folder = new HubFolder();
        var first = (await folder.RunAsync("demo", "--load-only", "--data", "demo")).Succeeded();
        var counted = Count();
        var vendors = CountVendors();
        foreach (var (entity, plural) in new[] { ("tender", "tenders"), ("agreement", "agreements"), ("document", "documents") })
            Assert.Equal((entity, counted[entity] + vendors.GetValueOrDefault(entity)), (entity, Printed(first, plural)));
        foreach (var (entity, plural) in new[]
        {
            ("employee", "employees"), ("interaction", "interactions"), ("approval", "approvals"), ("product", "products"), ("order", "orders"), ("delivery", "deliveries"),
            ("receivable", "receivables"), ("payment", "payments"), ("stock_level", "stock-levels"),
        })
            Assert.Equal((entity, vendors[entity]), (entity, Printed(first, plural)));
        // Parties of several processes are joined, never split.
        Assert.InRange(Printed(first, "customers"), 1, counted["party"] + vendors["customer"]);
        Assert.InRange(Printed(first, "contacts"), 1, counted["party"] + vendors["contact"]);

        var exports = new Dictionary<string, string>();
        foreach (var (entity, plural) in new[] { ("tender", "tenders"), ("customer", "customers"), ("agreement", "agreements"), ("document", "documents"), ("contact", "contacts") })
        {
            exports[entity] = (await folder.RunAsync("--data", "demo", "export", entity)).Succeeded();
            Assert.Equal(Printed(first, plural), exports[entity].Count(c => c == '\n'));
        }

        var second = (await folder.RunAsync("demo", "--load-only", "--data", "demo")).Ended(0, "mapped 0", "0 changes").Output;
        foreach (var (entity, before) in exports)
        {
            Assert.Equal(Counts().Matches(first).Select(m => m.Value), Counts().Matches(second).Select(m => m.Value));
            Assert.Equal(before, (await folder.RunAsync("--data", "demo", "export", entity)).Succeeded());
        }
    }

    [Fact]
    public async Task A_customer_of_all_vendors_and_of_real_notices_is_one_with_one_timeline()
    {
        using var folder = new HubFolder();
        var printed = (await folder.RunAsync("demo", "--load-only", "--data", "demo")).Ended(0, "not the real WeCom, Kingdee and e签宝").Output;
        var id = Regex.Match(printed, "One customer out of 4 systems: (customer-[0-9]+), University of Worcester").Groups[1].Value;
        var origins = (await folder.RunAsync("--data", "demo", "--json", "customers", "show", id, "--explain", "*")).Succeeded();
        foreach (var connection in new[] { "public-tenders", "wecom-simulated", "kingdee-simulated", "esign-simulated" })
            Assert.Contains(connection, origins, StringComparison.Ordinal);
        var timeline = JsonNode.Parse((await folder.RunAsync("--data", "demo", "--json", "customers", "show", id, "--timeline")).Succeeded())!.AsArray();
        var kinds = timeline.GroupBy(e => (string)e!["entity"]!).ToDictionary(g => g.Key, g => g.Count());
        // Five notices and their five awards; of the vendors what their files hold for this customer.
        Assert.Equal((5, 7, 1, 1, 1, 1), (kinds["tender"], kinds["agreement"], kinds["order"], kinds["delivery"], kinds["receivable"], kinds["payment"]));
        Assert.True(kinds["contact"] >= 2);
        var times = timeline.Select(e => ((string?)e!["at"])?[..10]).TakeWhile(t => t is not null).ToList();
        Assert.Equal(times.OrderDescending(StringComparer.Ordinal), times);

        var names = (await folder.RunAsync("--data", "demo", "export", "customer")).Succeeded().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => (string?)JsonNode.Parse(l)!["name"]).ToList();
        // Equal names alone join nobody; with the same contact, whom WeCom and e签宝 name for the company in Beijing, they do.
        Assert.Equal((1, 2, 2), (names.Count(n => n == "University of Worcester"), names.Count(n => n == "北京示例科学仪器有限公司"), names.Count(n => n == "杭州示例医疗器械有限公司")));
    }

    [Fact]
    public async Task A_change_at_a_simulated_vendor_is_in_the_change_feed_seconds_later()
    {
        using var folder = new HubFolder();
        using var hub = folder.Start("demo", "--data", "demo", "--listen", $"http://127.0.0.1:{LoopbackPort.Free()}");
        using var client = new HttpClient();
        var page = "";
        try
        {
            _ = hub.StandardError.ReadToEndAsync(CancellationToken.None);
            var printed = "";
            while (!printed.Contains("changes tail --follow", StringComparison.Ordinal))
                printed += await hub.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken) + "\n";
            var feed = Regex.Match(printed, "'(http[^']*/v1/changes)[^']*'").Groups[1].Value;
            client.DefaultRequestHeaders.Authorization = new("Bearer", Regex.Match(printed, @"A key for this demo \(one day\): +(\S+)").Groups[1].Value);
            page = Regex.Match(printed, @"curl -X POST (http://127\.0\.0\.1:[0-9]+)/").Groups[1].Value;
            foreach (var (path, entity, field) in new[] { ("esign/sign", "agreement", "status"), ("wecom/contact", "contact", "jobTitle"), ("kingdee/phone", "customer", "phone"), ("kingdee/order", "order", "number") })
            {
                var before = await NewestAsync(client, feed);
                using var answer = await client.PostAsync($"{page}/{path}", null, TestContext.Current.CancellationToken);
                Assert.StartsWith("simulated ", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
                var changes = JsonNode.Parse(await client.GetStringAsync($"{feed}?after={before}&wait=30", TestContext.Current.CancellationToken))!["data"]!.AsArray();
                Assert.Contains(changes, c => (string?)c!["entity"] == entity && c["fields"]?[field] is not null);
            }
        }
        finally
        {
            hub.Kill();
            await hub.WaitForExitAsync(CancellationToken.None);
        }

        // The vendors end with the hub, however it ends.
        var gone = false;
        for (var look = 0; look < 100 && !gone; look++)
            try
            {
                await client.GetStringAsync(page, TestContext.Current.CancellationToken);
                await Task.Delay(100, TestContext.Current.CancellationToken);
            }
            catch (HttpRequestException)
            {
                gone = true;
            }

        Assert.True(gone, "the simulated vendors outlive the hub");
    }

    private static async Task<string> NewestAsync(HttpClient client, string feed)
    {
        var after = "0";
        while (JsonNode.Parse(await client.GetStringAsync($"{feed}?after={after}&limit=500", TestContext.Current.CancellationToken))!["data"]!.AsArray() is { Count: > 0 } page)
            after = page[^1]!["sequence"]!.ToString();
        return after;
    }

    /// <summary>From the raw files of the simulated vendors: what a person counts there.</summary>
    private static Dictionary<string, int> CountVendors()
    {
        static JsonObject File(string name) => JsonNode.Parse(System.IO.File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "samples", "vendors", name)))!.AsObject();
        var (wecom, kingdee, esign) = (File("wecom.json"), File("kingdee.json"), File("esign.json"));
        int Kingdee(string form) => kingdee[form]!.AsArray().Count;
        int Wecom(string list) => wecom[list]!.AsArray().Count;
        return new()
        {
            ["employee"] = Wecom("employees"),
            ["interaction"] = Wecom("chats"),
            ["approval"] = Wecom("approvals"),
            ["product"] = Kingdee("BD_MATERIAL"),
            ["order"] = Kingdee("SAL_SaleOrder"),
            ["delivery"] = Kingdee("SAL_OUTSTOCK"),
            ["receivable"] = Kingdee("AR_receivable"),
            ["payment"] = Kingdee("AR_RECEIVEBILL"),
            ["stock_level"] = Kingdee("STK_Inventory"),
            ["agreement"] = esign.Count,
            ["document"] = esign.Sum(f => f.Value!["docs"]!.AsArray().Count),
            ["customer"] = Wecom("contacts") + Kingdee("BD_Customer") + esign.Count,
            ["contact"] = Wecom("contacts") + Kingdee("BD_CommonContact"),
        };
    }

    /// <summary>From the raw files: which processes have a section, and what stands in their contracts, awards and documents.</summary>
    private static Dictionary<string, int> Count()
    {
        var processes = new Dictionary<string, List<JsonObject>>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "samples", "ocds"), "*.gz"))
        {
            using var lines = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
            while (lines.ReadLine() is { } line)
                foreach (var release in Releases(JsonNode.Parse(line)!.AsObject()))
                {
                    var ocid = (string)release["ocid"]!;
                    if (!processes.TryGetValue(ocid, out var list))
                        processes[ocid] = list = [];
                    list.Add(release);
                }
        }

        var agreements = 0;
        var documents = 0;
        var parties = 0;
        foreach (var all in processes.Values)
        {
            // What a publisher compiled counts only when there is nothing else.
            var own = all.Where(r => !Tags(r).Contains("compiled")).ToList();
            if (own.Count == 0)
                own = [all.OrderBy(r => (string?)r["date"], StringComparer.Ordinal).Last()];
            var contracts = own.SelectMany(r => Items(r, "contracts").Concat(Items(r, "contract"))).Select(Id).Where(i => i.Length > 0).Distinct().Count();
            agreements += contracts > 0 ? contracts : own.OrderBy(r => (string?)r["date"], StringComparer.Ordinal)
                .SelectMany(r => Items(r, "awards")).Where(a => Id(a).Length > 0).GroupBy(Id)
                .Count(a => (string?)a.LastOrDefault(v => v["status"] is not null)?["status"] != "unsuccessful");
            documents += own.SelectMany(r => Sections.SelectMany(s => Below(r[s]))).Distinct(StringComparer.Ordinal).Count();
            parties += own.Sum(r => Items(r, "parties").Count() + 3 + Items(r, "awards").Sum(a => Items(a, "suppliers").Count()));
        }

        return new()
        {
            ["tender"] = processes.Values.Count(all => all.Any(r => Sections.Any(s => r[s] is JsonObject { Count: > 0 } or JsonArray { Count: > 0 }))),
            ["agreement"] = agreements,
            ["document"] = documents,
            ["party"] = parties,
        };
    }

    /// <summary>A release, or what a record or package holds.</summary>
    private static IEnumerable<JsonObject> Releases(JsonObject value)
    {
        if (value["records"] is JsonArray records)
            return records.SelectMany(r => Releases(r!.AsObject()));
        // Releases that are only links are left out; the others belong to the process of their record.
        List<JsonObject> held = value["releases"] is JsonArray releases ? [.. releases.Select(r => r!.AsObject()).Where(r => r["ocid"] is not null || r["url"] is null)] : [];
        if (held.Count == 0 && value["compiledRelease"] is JsonObject compiled)
            held.Add(compiled);
        foreach (var release in held.Where(r => r["ocid"] is null))
            release["ocid"] = value["ocid"]!.DeepClone();
        if (held.Count > 0)
            return held;
        return value["ocid"] is not null && value["releases"] is null ? [value] : [];
    }

    private static IEnumerable<string> Tags(JsonObject release) => release["tag"] is JsonArray tags ? tags.Select(t => (string)t!) : [];

    private static IEnumerable<JsonObject> Items(JsonObject of, string name) => of[name] is JsonArray list ? list.OfType<JsonObject>() : of[name] is JsonObject one ? [one] : [];

    private static string Id(JsonObject item) => item["id"]?.ToString() ?? "";

    /// <summary>Addresses of the documents below a node.</summary>
    private static IEnumerable<string> Below(JsonNode? node) => node switch
    {
        JsonArray list => list.SelectMany(Below),
        JsonObject fields => fields.SelectMany(f => f.Key == "documents" && f.Value is JsonArray documents
            ? documents.Select(d => ((string?)d?["url"])?.Trim(' ') ?? "").Where(u => u.Length > 0)
            : Below(f.Value)),
        _ => [],
    };

    private static int Printed(string output, string plural) =>
        int.Parse(Regex.Match(output, $@"^ *([0-9,]+) {plural}\r?$", RegexOptions.Multiline).Groups[1].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^ *[0-9,]+ [a-z_ -]+\r?$", RegexOptions.Multiline)]
    private static partial Regex Counts();
}
