using System.Buffers.Binary;
using System.Text;
using IntegrationHub.Json;
using NSec.Cryptography;

namespace IntegrationHub.Unify.Identity;

/// <summary>All that comparisons see of a contribution: its identity values by kind, in the order of <see cref="MatchPlan.Kinds"/>. Immutable.</summary>
public sealed class Profile
{
    private const char BetweenValues = '\u001F';
    private const char BetweenKinds = '\u001E';

    [ThreadStatic]
    private static Utf8Output? _text;

    private UInt128? _hash;
    private (int Rule, long Value)[]? _candidates;

    public Profile(string[][] values) => Values = values;

    /// <summary>Distinct values of each kind, in ordinal order; none has U+001E or U+001F in it.</summary>
    public string[][] Values { get; }

    /// <summary>The same for profiles that say the same, in every process.</summary>
    public UInt128 Hash => _hash ??= Wide(Text().Written);

    /// <summary>Reads the identity of a contribution; nothing of kinds of which it gives more values than an entity may hold.</summary>
    /// <param name="plan">The type's plan.</param>
    /// <param name="tape">The contribution's JSON.</param>
    public static Profile Read(MatchPlan plan, JsonTape tape)
    {
        var values = new string[plan.Kinds.Count][];
        var identity = tape.Find(0, "identity"u8);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = [];
            if (identity < 0 || tape.Find(identity, plan.KindNames[i]) is not (>= 0 and var node))
                continue;
            string? first = null;
            List<string>? more = null;
            foreach (var child in tape.Children(node))
                if (Clean(tape.GetText(child)) is var text && plan.Declared[i] is { } kind && kind.Blocks(text))
                    continue;
                else if (first is null)
                    first = text;
                else
                    (more ??= [first]).Add(text);
            if (first is not null)
                values[i] = more is null ? [first] : [.. more.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        }

        foreach (var (kind, most) in plan.Limits)
            if (values[kind].Length > most)
                values[kind] = [];
        return new(values);
    }

    /// <summary>All candidate values of this profile.</summary>
    public (int Rule, long Value)[] Candidates(MatchPlan plan)
    {
        if (_candidates is not null)
            return _candidates;
        var found = new List<(int, long)>(plan.Candidates.Count);
        for (var rule = 0; rule < plan.Candidates.Count; rule++)
        {
            var room = MostJoined;
            Join(rule, plan.Candidates[rule], 0, "", ref room, found);
        }

        return _candidates = [.. found];
    }

    public byte[] HashBytes()
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, Hash);
        return bytes;
    }

    /// <summary>The bytes the store keeps.</summary>
    public byte[] ToBytes() => Text().Written.ToArray();

    /// <summary>A profile that the store kept, or <c>null</c> when it is of a model with other kinds: it says nothing until its record is read or mapped again.</summary>
    /// <param name="hash">As from <see cref="HashBytes"/>.</param>
    public static Profile? FromBytes(MatchPlan plan, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> hash)
    {
        if (bytes.Count((byte)BetweenKinds) != plan.Kinds.Count - 1)
            return null;
        var values = new string[plan.Kinds.Count][];
        var kind = 0;
        foreach (var range in bytes.Split((byte)BetweenKinds))
        {
            var all = bytes[range];
            var said = values[kind++] = all.IsEmpty ? [] : new string[all.Count((byte)BetweenValues) + 1];
            var i = 0;
            if (said.Length > 0)
                foreach (var value in all.Split((byte)BetweenValues))
                    said[i++] = Encoding.UTF8.GetString(all[value]);
        }

        return new(values) { _hash = BinaryPrimitives.ReadUInt128LittleEndian(hash) };
    }

    /// <summary>The number a candidate value is found by.</summary>
    public static long HashOf(string value)
    {
        var length = Encoding.UTF8.GetMaxByteCount(value.Length);
        var bytes = length <= 1024 ? stackalloc byte[length] : new byte[length];
        return (long)(ulong)Wide(bytes[..Encoding.UTF8.GetBytes(value, bytes)]);
    }

    /// <summary>A contribution with many values of several kinds is found by the first of their combinations.</summary>
    private const int MostJoined = 64;

    private void Join(int rule, Candidate candidate, int at, string joined, ref int room, List<(int, long)> found)
    {
        foreach (var value in Values[candidate.Kinds[at]])
            if (room == 0)
                return;
            else if (at > 0 && IsSaid(candidate.Besides[at], value))
                continue;
            else if ((at == 0 ? value : joined + BetweenValues + value) is var text && at < candidate.Kinds.Length - 1)
                Join(rule, candidate, at + 1, text, ref room, found);
            else
            {
                found.Add((rule, HashOf(text)));
                room--;
            }
    }

    private bool IsSaid(int[] kinds, string value)
    {
        foreach (var kind in kinds)
            if (Array.IndexOf(Values[kind], value) >= 0)
                return true;
        return false;
    }

    private static UInt128 Wide(ReadOnlySpan<byte> text)
    {
        // SHA-256 by libsodium: a dozen short texts for each contribution, and the platform's provider costs several times the hash itself.
        Span<byte> hash = stackalloc byte[32];
        HashAlgorithm.Sha256.Hash(text, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }

    /// <summary>All that it says, good until this thread asks for that of another.</summary>
    private Utf8Output Text()
    {
        var text = _text ??= new();
        text.Clear();
        for (var kind = 0; kind < Values.Length; kind++)
        {
            if (kind > 0)
                text.WriteByte((byte)BetweenKinds);
            for (var i = 0; i < Values[kind].Length; i++)
            {
                if (i > 0)
                    text.WriteByte((byte)BetweenValues);
                Encoding.UTF8.GetBytes(Values[kind][i], text);
            }
        }

        return text;
    }

    /// <summary>A value as profiles hold it: what stands between values in them is a space.</summary>
    internal static string Clean(string value) => value.AsSpan().IndexOfAny(BetweenKinds, BetweenValues) < 0 ? value : value.Replace(BetweenKinds, ' ').Replace(BetweenValues, ' ');
}
