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
        foreach (var (entity, plural) in new[] { ("tender", "tenders"), ("agreement", "agreements"), ("document", "documents") })
            Assert.Equal((entity, counted[entity]), (entity, Printed(first, plural)));
        // Parties of several processes are joined, never split.
        Assert.InRange(Printed(first, "customers"), 1, counted["party"]);
        Assert.InRange(Printed(first, "contacts"), 1, counted["party"]);

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

    [GeneratedRegex(@"^ *[0-9,]+ [a-z_ ]+\r?$", RegexOptions.Multiline)]
    private static partial Regex Counts();
}
