using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Sovereignty.Log.Tree;

namespace IntegrationHub.Tests.Sovereignty.Log.Entries;

public sealed class LogWriterTests
{
    [Fact]
    public async Task An_entry_says_who_what_and_whence_and_names_subjects_by_commitment()
    {
        await using var rig = new LogRig();
        await rig.WriteAsync(new LogEntry(LogAction.Export, "key:0123456789ab")
        {
            From = rig.Writer.Here,
            To = new("crm/leads", "DE"),
            Purpose = "service",
            LegalBasis = "contract",
            Decision = "allow",
            Rule = "default",
            Data = [new("contact", ["name", "mobile"], ["personal"])],
            Subjects = [new(12, "contact-12")],
            Counts = [("records", 1)],
            About = [("run", "7")],
        });
        var row = Assert.Single(rig.Log.Entries(0, 10));
        var key = rig.Log.SubjectKey(12)!;
        var commitment = LogCommitments.Write(HMACSHA256.HashData(key.Key!, "contact-12"u8).AsSpan(0, 16));
        var act = JsonDocument.Parse(row.Entry).RootElement.GetProperty("act").GetString();
        Assert.Equal($$$"""
            {"v":1,"at":"2026-01-02T03:04:05.000Z","act":"{{{act}}}","hub":"test","action":"export","actor":"key:0123456789ab","from":{"system":"hub","region":"CN"},"to":{"system":"crm/leads","region":"DE"},"purpose":"service","basis":"contract","decision":"allow","rule":"default","data":[{"entity":"contact","fields":["name","mobile"],"classes":["personal"]}],"counts":{"records":1},"about":{"run":"7"},"subjects":["{{{commitment}}}"]}
            """, Encoding.UTF8.GetString(row.Entry));
        Assert.Equal(TreeHash.Leaf(row.Entry), row.Hash);
        Assert.Equal(32, key.Key!.Length);
    }

    [Fact]
    public async Task Many_subjects_fill_several_entries_of_one_act_and_none_is_lost()
    {
        await using var rig = new LogRig();
        var subjects = Enumerable.Range(1, 7_001).Select(i => new LogSubject(i, $"contact-{i}")).ToList();
        await rig.WriteAsync(new LogEntry(LogAction.Read, "hub"), new LogEntry(LogAction.Map, "hub") { Subjects = subjects });
        var rows = rig.Log.Entries(0, 100);
        Assert.Equal(4, rows.Count);
        Assert.All(rows, r => Assert.InRange(r.Entry.Length, 1, 65_535));
        Assert.All(rows, r => Assert.Equal(0, r.Act));
        Assert.Single(rows.Select(r => JsonDocument.Parse(r.Entry).RootElement.GetProperty("act").GetString()).Distinct());
        var named = rows.Skip(1).SelectMany(r => JsonDocument.Parse(r.Entry).RootElement.GetProperty("subjects").EnumerateArray().Select(s => s.GetString())).ToList();
        Assert.Equal(subjects.Select(s => LogCommitments.Write(rig.Log.SubjectKey(s.Entity)!.Commitment)), named);
        Assert.Equal(rows.Select(r => r.Sequence), rig.Log.EntriesOf([6_000], 0, 100).Select(r => r.Sequence));
    }

    [Fact]
    public async Task Merges_name_both_and_are_found_by_both()
    {
        await using var rig = new LogRig();
        var pairs = Enumerable.Range(0, 3_000).Select(i => (new LogSubject(2 * i + 1, $"contact-{2 * i + 1}"), new LogSubject(2 * i + 2, $"contact-{2 * i + 2}"))).ToList();
        await rig.WriteAsync(new LogEntry(LogAction.Merge, "hub") { Pairs = pairs });
        var rows = rig.Log.Entries(0, 100);
        Assert.All(rows, r => Assert.InRange(r.Entry.Length, 1, 65_535));
        Assert.Equal(3_000, rows.Sum(r => JsonDocument.Parse(r.Entry).RootElement.GetProperty("pairs").GetArrayLength()));
        Assert.Equal(rows.Count, rig.Log.EntriesOf([5_999], 0, 100).Count);
        Assert.Equal(rows.Count, rig.Log.EntriesOf([6_000], 0, 100).Count);
    }

    [Fact]
    public async Task An_entry_of_very_many_fields_is_split_by_fields()
    {
        await using var rig = new LogRig();
        var fields = Enumerable.Range(0, 9_000).Select(i => $"customField{i}").ToList();
        await rig.WriteAsync(new LogEntry(LogAction.Map, "hub") { Data = [new("contact", fields, ["personal"])], Subjects = [new(1, "contact-1")] });
        var rows = rig.Log.Entries(0, 100);
        Assert.All(rows, r => Assert.InRange(r.Entry.Length, 1, 65_535));
        Assert.Equal(fields, rows.SelectMany(r => JsonDocument.Parse(r.Entry).RootElement.GetProperty("data")[0].GetProperty("fields").EnumerateArray().Select(f => f.GetString()!)));
    }

    [Fact]
    public async Task Subjects_keep_their_commitment_and_a_destroyed_key_leads_nowhere()
    {
        await using var rig = new LogRig();
        await rig.WriteAsync(new LogEntry(LogAction.Read, "hub") { Subjects = [new(1, "contact-1")] });
        await rig.WriteAsync(new LogEntry(LogAction.Read, "hub") { Subjects = [new(1, "contact-1"), new(2, "contact-2")] });
        var commitment = LogCommitments.Write(rig.Log.SubjectKey(1)!.Commitment);
        Assert.All(rig.Log.Entries(0, 10), r => Assert.Contains(commitment, Encoding.UTF8.GetString(r.Entry), StringComparison.Ordinal));
        Assert.Equal([0, 1], rig.Log.EntriesOf([1], 0, 10).Select(r => r.Sequence));
        Assert.Equal([1], rig.Log.EntriesOf([2], 0, 10).Select(r => r.Sequence));
    }

    [Fact]
    public async Task All_entries_of_a_subject_are_found_page_by_page()
    {
        await using var rig = new LogRig();
        for (var i = 0; i < 40; i++)
            await rig.WriteAsync(new LogEntry(LogAction.Read, "hub") { Subjects = [new(i % 3, $"contact-{i % 3}")] }, new LogEntry(LogAction.Policy, "hub"));
        var expected = rig.Log.Entries(0, 100).Where(r => r.Act / 2 % 3 == 1).Select(r => r.Sequence).ToList();
        var found = new List<long>();
        while (rig.Log.EntriesOf([1], found.Count == 0 ? 0 : found[^1] + 1, 3) is { Count: > 0 } page)
            found.AddRange(page.Select(r => r.Sequence));
        Assert.Equal(expected, found);
        Assert.Equal(26, found.Count);
    }
}
