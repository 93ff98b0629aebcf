using System.Text.Json;
using IntegrationHub.Sovereignty.Log;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;

namespace IntegrationHub.Tests.Sovereignty.Log;

public sealed class LogSearchTests
{
    private static readonly string[] Fields = ["name", "mobile", "with \"quotes\" and\nlines", "姓名"];
    private static readonly string?[] Regions = ["CN", "de", "US", null];
    private static readonly LogAction[] Actions = [LogAction.Read, LogAction.Export, LogAction.Map];

    [Fact]
    public async Task Every_entry_that_holds_what_is_asked_for_is_found_and_no_other()
    {
        await using var rig = new LogRig();
        var random = new Random(7);
        for (var batch = 0; batch < 30; batch++)
        {
            for (var i = random.Next(1, 60); i > 0; i--)
                await rig.WriteAsync(Entry(random, rare: batch == 11));
            // Clocks are set back now and then.
            rig.Time.AdjustTime(rig.Time.GetUtcNow() + TimeSpan.FromMinutes(random.Next(-3, 20)));
            if (batch is 5 or 20 or 27)
                await rig.Sovereignty.IntegrateAsync(LogRig.Cancel);
        }

        var all = rig.Log.Entries(0, 10_000);
        Assert.True(rig.Log.Bundles(0, 100).Count >= 2 && all.Count > rig.Log.Head(published: true)!.Size);
        var begin = all.Min(r => r.At);
        for (var i = 0; i < 300; i++)
        {
            var query = new LogQuery
            {
                Subjects = random.Next(3) == 0 ? [random.Next(12)] : null,
                From = random.Next(3) == 0 ? DateTimeOffset.FromUnixTimeMilliseconds(begin).AddMinutes(random.Next(300)) : null,
                To = random.Next(3) == 0 ? DateTimeOffset.FromUnixTimeMilliseconds(begin).AddMinutes(random.Next(300)) : null,
                Field = random.Next(3) == 0 ? Fields[random.Next(Fields.Length)] : null,
                Region = random.Next(3) == 0 ? random.GetItems(["cn", "DE", "US", "FR"], 1)[0] : null,
                Action = random.Next(3) == 0 ? random.GetItems([.. Actions, LogAction.Erase, LogAction.Split], 1)[0] : null,
            };
            Assert.Equal(all.Where(r => Holds(rig, r, query)).Select(r => r.Sequence), new LogSearch(rig.Log).Find(query, LogRig.Cancel).Select(r => r.Sequence));
        }

        Assert.Empty((await rig.VerifyAsync()).Faults);
    }

    [Fact]
    public async Task Subjects_are_found_over_all_parts_of_the_index_page_by_page()
    {
        await using var rig = new LogRig();
        for (var act = 0; act < 6; act++)
            await rig.WriteAsync(new LogEntry(LogAction.Read, "hub"), new LogEntry(LogAction.Map, "hub") { Subjects = [.. Enumerable.Range(act, 7_001).Select(i => new LogSubject(i, $"contact-{i}"))] });
        Assert.Equal(3, rig.Log.Parts().Count);
        var found = new List<long>();
        while (rig.Log.EntriesOf([3, 7_003], found.Count == 0 ? 0 : found[^1] + 1, 5) is { Count: > 0 } page)
            found.AddRange(page.Select(r => r.Sequence));
        // Every act holds one of the two, and its entries belong together.
        Assert.Equal(rig.Log.Entries(0, 100).Select(r => r.Sequence), found);
        await rig.Sovereignty.IntegrateAsync(LogRig.Cancel);
        Assert.Empty((await rig.VerifyAsync()).Faults);
    }

    [Fact]
    public async Task Numbers_out_of_all_bounds_are_faults_and_no_endless_work()
    {
        await using var rig = new LogRig();
        await rig.FillAsync(300);
        await rig.Sovereignty.IntegrateAsync(LogRig.Cancel);
        rig.Tamper("INSERT INTO log_index(part, subject, seq) VALUES(9000000000000000000, 0, 5)");
        Assert.Contains(await FaultsAsync(rig), f => f.Contains("to entry 5, which does not name it", StringComparison.Ordinal));
        rig.Tamper("DELETE FROM log_index WHERE part=9000000000000000000");
        rig.Tamper("INSERT INTO log_entries(seq, act, at, indexed, hash, entry) SELECT 9000000000000000000, act, at, indexed, hash, entry FROM log_entries WHERE seq=1");
        Assert.Contains(await FaultsAsync(rig), f => f.Contains("entries 300 to 8999999999999999999 are missing", StringComparison.Ordinal));
    }

    private static async Task<IReadOnlyList<string>> FaultsAsync(LogRig rig) => (await rig.VerifyAsync()).Faults;

    private static LogEntry Entry(Random random, bool rare) => new(rare && random.Next(40) == 0 ? LogAction.Erase : Actions[random.Next(Actions.Length)], "hub")
    {
        From = random.Next(4) == 0 ? null : new("hub", Regions[random.Next(Regions.Length)]),
        To = random.Next(4) == 0 ? null : new("crm/leads", Regions[random.Next(Regions.Length)]),
        Data = random.Next(2) == 0 ? [] : [new("contact", [.. random.GetItems(Fields, 2).Distinct()], ["personal"]), new("customer", [Fields[random.Next(Fields.Length)]], [])],
        Subjects = random.Next(2) == 0 ? [] : [.. random.GetItems([1L, 2, 3, 4, 5, 6], 3).Distinct().Select(s => new LogSubject(s, $"contact-{s}"))],
        Pairs = random.Next(9) == 0 ? [(new(8, "contact-8"), new(9, "contact-9"))] : [],
        About = [("fields", "name"), ("region", "US")],
    };

    private static bool Holds(LogRig rig, LogRow row, LogQuery query)
    {
        var entry = JsonDocument.Parse(row.Entry).RootElement;
        bool IsAt(string end) => entry.TryGetProperty(end, out var place) && place.TryGetProperty("region", out var region) && string.Equals(region.GetString(), query.Region, StringComparison.OrdinalIgnoreCase);
        return (query.From is null || row.At >= query.From.Value.ToUnixTimeMilliseconds())
            && (query.To is null || row.At < query.To.Value.ToUnixTimeMilliseconds())
            && (query.Action is null || entry.GetProperty("action").ValueEquals(query.Action.Value.ToString().ToLowerInvariant()))
            && (query.Region is null || IsAt("from") || IsAt("to"))
            && (query.Field is null || (entry.TryGetProperty("data", out var data) && data.EnumerateArray().Any(d => d.GetProperty("fields").EnumerateArray().Any(f => f.GetString() == query.Field))))
            && (query.Subjects is null || query.Subjects.Any(s => Names(rig, row, s)));
    }

    /// <summary>Whether the act of an entry names a subject.</summary>
    private static bool Names(LogRig rig, LogRow row, long subject) =>
        rig.Log.SubjectKey(subject) is { } key && System.Text.Encoding.UTF8.GetString(row.Entry).Contains(LogCommitments.Write(key.Commitment), StringComparison.Ordinal);
}
