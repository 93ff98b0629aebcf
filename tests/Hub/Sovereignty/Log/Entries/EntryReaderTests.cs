using System.Text;
using System.Text.Json;
using IntegrationHub.Sovereignty.Log.Entries;

namespace IntegrationHub.Tests.Sovereignty.Log.Entries;

public sealed class EntryReaderTests
{
    [Fact]
    public async Task Terms_and_subjects_of_entries_are_read()
    {
        var reader = new EntryReader();
        reader.Read((await EntryAsync()).Entry);
        Assert.Equal("\naction:merge\nfield:mobile\nfield:姓名\nregion:CN\nregion:DE\n", reader.TakeTerms());
        Assert.Equal(3, reader.Subjects.Count);
        Assert.Equal("\n", reader.TakeTerms());
    }

    [Fact]
    public async Task Whatever_bit_of_an_entry_is_changed_it_is_read_or_said_to_be_none()
    {
        var entry = (await EntryAsync()).Entry;
        var refused = 0;
        for (var bit = 0; bit < entry.Length * 8; bit++)
        {
            var changed = entry.ToArray();
            changed[bit / 8] ^= (byte)(1 << bit % 8);
            try
            {
                new EntryReader().Read(changed);
            }
            catch (JsonException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, entry.Length, entry.Length * 8);
    }

    private static async Task<IntegrationHub.Storage.LogRow> EntryAsync()
    {
        await using var rig = new LogRig();
        await rig.WriteAsync(new LogEntry(LogAction.Merge, "hub")
        {
            From = rig.Writer.Here,
            To = new("key:0123456789ab", "de"),
            Data = [new("contact", ["mobile", "姓名"], ["personal"])],
            About = [("field", "nothing"), ("region", "US")],
            Pairs = [(new(1, "contact-1"), new(2, "contact-2")), (new(3, "contact-3"), new(2, "contact-2"))],
        });
        var row = rig.Log.Entries(0, 1)[0];
        Assert.Contains("姓名", Encoding.UTF8.GetString(row.Entry), StringComparison.Ordinal);
        return row;
    }
}
