using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text.Json;

namespace IntegrationHub.Sovereignty.Log.Entries;

/// <summary>Reads what the store keeps beside entries, so that they are found: terms to search by, and the subjects they name. Not for two threads at once.</summary>
internal sealed class EntryReader
{
    private const int UsualLength = 128;

    private readonly HashSet<string> _terms = new(StringComparer.Ordinal);
    private readonly HashSet<UInt128> _subjects = [];

    /// <summary>Commitments of the last entry that was read.</summary>
    public IReadOnlyCollection<UInt128> Subjects => _subjects;

    /// <summary>The terms of all entries since the last call: sorted, each on a line of its own.</summary>
    public string TakeTerms()
    {
        var terms = "\n" + string.Concat(_terms.Order(StringComparer.Ordinal).Select(t => t + "\n"));
        _terms.Clear();
        return terms;
    }

    public static string Action(LogAction action) => "action:" + EntryJson.Name(action);

    public static string Field(string name) => "field:" + name.Replace('\n', ' ');

    public static string Region(string code) => "region:" + code.ToUpperInvariant().Replace('\n', ' ');

    /// <summary>Whether terms as <see cref="TakeTerms"/> gives them hold one.</summary>
    public static bool Holds(string terms, string term) => terms.Contains($"\n{term}\n", StringComparison.Ordinal);

    /// <summary>What a commitment as bytes is among <see cref="Subjects"/>.</summary>
    public static UInt128 Commitment(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt128BigEndian(bytes);

    /// <exception cref="JsonException">It is no entry.</exception>
    public void Read(ReadOnlySpan<byte> entry)
    {
        _subjects.Clear();
        try
        {
            ReadMembers(entry);
        }
        catch (InvalidOperationException e)
        {
            // This is how the reader tells of bytes that are no UTF-8.
            throw new JsonException("a text is no UTF-8", e);
        }
    }

    private void ReadMembers(ReadOnlySpan<byte> entry)
    {
        var json = new Utf8JsonReader(entry);
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            if (json.ValueTextEquals("action"u8))
                Term("action:", ref json, upper: false);
            else if (json.ValueTextEquals("from"u8) || json.ValueTextEquals("to"u8))
                Strings(ref json, "region"u8, "region:", upper: true);
            else if (json.ValueTextEquals("data"u8))
                Strings(ref json, "fields"u8, "field:", upper: false);
            else if (json.ValueTextEquals("subjects"u8) || json.ValueTextEquals("pairs"u8))
                Commitments(ref json);
            else
                json.Skip();
    }

    /// <summary>The texts that one member of an object, or of each object of a list, holds.</summary>
    private void Strings(ref Utf8JsonReader json, ReadOnlySpan<byte> member, string prefix, bool upper)
    {
        var depth = json.CurrentDepth;
        if (!Opens(ref json))
            return;
        var wanted = false;
        while (json.Read() && json.CurrentDepth > depth)
            if (json.TokenType == JsonTokenType.PropertyName)
                wanted = json.ValueTextEquals(member);
            else if (wanted && json.TokenType == JsonTokenType.String)
                Add(prefix, ref json, upper);
    }

    private static bool Opens(ref Utf8JsonReader json) => json.Read() && json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray;

    private void Term(string prefix, ref Utf8JsonReader json, bool upper)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.String)
            Add(prefix, ref json, upper);
    }

    private void Add(string prefix, ref Utf8JsonReader json, bool upper)
    {
        Span<char> term = json.ValueSpan.Length <= UsualLength ? stackalloc char[UsualLength + 16] : new char[json.ValueSpan.Length + 16];
        prefix.CopyTo(term);
        term = term[..(prefix.Length + json.CopyString(term[prefix.Length..]))];
        term.Replace('\n', ' ');
        if (upper)
            foreach (ref var c in term[prefix.Length..])
                c = char.ToUpperInvariant(c);
        _terms.GetAlternateLookup<ReadOnlySpan<char>>().Add(term);
    }

    private void Commitments(ref Utf8JsonReader json)
    {
        var depth = json.CurrentDepth;
        if (!Opens(ref json))
            return;
        Span<byte> commitment = stackalloc byte[LogCommitments.Size];
        while (json.Read() && json.CurrentDepth > depth)
            if (json.TokenType == JsonTokenType.String)
                _subjects.Add(json.ValueSpan.Length == LogCommitments.Characters && Base64Url.DecodeFromUtf8(json.ValueSpan, commitment, out _, out var written) == OperationStatus.Done && written == LogCommitments.Size
                    ? Commitment(commitment)
                    : throw new JsonException("a subject is not written as a commitment"));
    }
}
