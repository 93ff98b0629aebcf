using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using IntegrationHub.Storage;

namespace IntegrationHub.Sovereignty.Log.Entries;

/// <summary>Writes entries as compact JSON in a fixed order of members, at most <see cref="MostBytes"/> each; docs/contracts/sovereignty-log.md has the schema.</summary>
internal static class EntryJson
{
    /// <summary>What the 16-bit length in an entry bundle can say.</summary>
    public const int MostBytes = 65_535;

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
    private const int TimeLength = 24;

    // {"v":1,"at":"(time)","act":"(act)"
    private const int TimeAt = 13;
    private const int ActAt = TimeAt + TimeLength + 9;
    /// <summary>Characters of what the entries of one act share.</summary>
    public const int ActLength = 16;

    // Of this the members other than subjects take at most half.
    private const int MostWithoutSubjects = MostBytes / 2;
    private const int SubjectBytes = LogCommitments.Characters + 3;

    // Of these it is not worth knowing beforehand whether they have room.
    private const int FewSubjects = 8;

    private static readonly string[] Names = [.. Enum.GetNames<LogAction>().Select(n => n.ToLowerInvariant())];

    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>The entry, or several where it has too many subjects or fields for one; each with the part of what was told that it holds.</summary>
    /// <param name="act">What the entries of one act share.</param>
    /// <param name="commitments">Of every subject.</param>
    public static IEnumerable<(LogEntry Part, byte[] Bytes)> Write(LogEntry entry, string act, string hub, long at, IReadOnlyDictionary<long, string> commitments)
    {
        if (entry.Subjects.Count <= FewSubjects && entry.Pairs.Count == 0 && Render(entry, act, hub, at, commitments) is { Length: <= MostBytes } whole)
            return [(entry, whole)];
        var bare = Render(entry with { Subjects = [], Pairs = [] }, act, hub, at, commitments).Length;
        if (bare > MostWithoutSubjects)
            return Halves(entry).SelectMany(half => Write(half, act, hub, at, commitments));
        var room = (MostBytes - bare) / SubjectBytes - 16;
        var chunks = entry.Pairs.Count > 0
            ? entry.Pairs.Chunk(room / 3).Select(pairs => entry with { Pairs = pairs })
            : entry.Subjects.Chunk(room).Select(subjects => entry with { Subjects = subjects });
        return chunks.Select(chunk => (chunk, Render(chunk, act, hub, at, commitments)));
    }

    /// <summary>Whether an entry says this time; it stands at a fixed place.</summary>
    /// <param name="at">Unix milliseconds.</param>
    public static bool IsAt(ReadOnlySpan<byte> entry, long at)
    {
        Span<byte> time = stackalloc byte[TimeLength];
        return entry.Length > TimeAt + TimeLength
            && at >= DateTimeOffset.MinValue.ToUnixTimeMilliseconds() && at <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            && DateTimeOffset.FromUnixTimeMilliseconds(at).TryFormat(time, out _, TimeFormat, CultureInfo.InvariantCulture)
            && entry.Slice(TimeAt, TimeLength).SequenceEqual(time);
    }

    /// <summary>What the entry shares with those of its act; it stands at a fixed place.</summary>
    public static ReadOnlySpan<byte> Act(ReadOnlySpan<byte> entry) => entry.Length > ActAt + ActLength ? entry.Slice(ActAt, ActLength) : [];

    /// <summary>The same with half of the fields each: of the entity types, or of the one type there is.</summary>
    private static IEnumerable<LogEntry> Halves(LogEntry entry) => entry.Data switch
    {
        { Count: > 1 } data => [entry with { Data = [.. data.Take(data.Count / 2)] }, entry with { Data = [.. data.Skip(data.Count / 2)] }],
        [{ Fields.Count: > 1 } one] =>
        [
            entry with { Data = [one with { Fields = [.. one.Fields.Take(one.Fields.Count / 2)] }] },
            entry with { Data = [one with { Fields = [.. one.Fields.Skip(one.Fields.Count / 2)] }] },
        ],
        _ => throw new StoreException($"an entry of the sovereignty log ({entry.Action}) has more than {MostBytes:N0} bytes that cannot be split; shorten the names it holds"),
    };

    private static byte[] Render(LogEntry entry, string act, string hub, long at, IReadOnlyDictionary<long, string> commitments)
    {
        var buffer = new ArrayBufferWriter<byte>(512 + SubjectBytes * (entry.Subjects.Count + 3 * entry.Pairs.Count));
        using (var json = new Utf8JsonWriter(buffer, Writing))
        {
            json.WriteStartObject();
            json.WriteNumber("v", 1);
            json.WriteString("at", DateTimeOffset.FromUnixTimeMilliseconds(at).ToString(TimeFormat, CultureInfo.InvariantCulture));
            json.WriteString("act", act);
            json.WriteString("hub", hub);
            json.WriteString("action", Name(entry.Action));
            json.WriteString("actor", entry.Actor);
            Text(json, "address", entry.Address);
            Place(json, "from", entry.From);
            Place(json, "to", entry.To);
            Text(json, "purpose", entry.Purpose);
            Text(json, "basis", entry.LegalBasis);
            Text(json, "decision", entry.Decision);
            Text(json, "rule", entry.Rule);
            Data(json, entry.Data);
            Map(json, "counts", entry.Counts, (name, count) => json.WriteNumber(name, count));
            Map(json, "about", entry.About, (name, value) => json.WriteString(name, value));
            Subjects(json, entry, commitments);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>As it stands in entries.</summary>
    public static string Name(LogAction action) => Names[(int)action];

    private static void Text(Utf8JsonWriter json, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            json.WriteString(name, value);
    }

    private static void Place(Utf8JsonWriter json, string name, LogPlace? place)
    {
        if (place is null)
            return;
        json.WriteStartObject(name);
        json.WriteString("system", place.System);
        Text(json, "region", place.Region);
        json.WriteEndObject();
    }

    private static void Data(Utf8JsonWriter json, IReadOnlyList<LogData> data)
    {
        if (data.Count == 0)
            return;
        json.WriteStartArray("data");
        foreach (var one in data)
        {
            json.WriteStartObject();
            json.WriteString("entity", one.Entity);
            Texts(json, "fields", one.Fields);
            Texts(json, "classes", one.Classes);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Texts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static void Map<T>(Utf8JsonWriter json, string name, IReadOnlyList<(string Name, T Value)> members, Action<string, T> write)
    {
        if (members.Count == 0)
            return;
        json.WriteStartObject(name);
        foreach (var (member, value) in members)
            write(member, value);
        json.WriteEndObject();
    }

    private static void Subjects(Utf8JsonWriter json, LogEntry entry, IReadOnlyDictionary<long, string> commitments)
    {
        if (entry.Subjects.Count > 0)
            Texts(json, "subjects", entry.Subjects.Select(s => commitments[s.Entity]));
        if (entry.Pairs.Count == 0)
            return;
        json.WriteStartArray("pairs");
        foreach (var (subject, other) in entry.Pairs)
        {
            json.WriteStartArray();
            json.WriteStringValue(commitments[subject.Entity]);
            json.WriteStringValue(commitments[other.Entity]);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }
}
