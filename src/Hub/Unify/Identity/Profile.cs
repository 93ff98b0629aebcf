using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using IntegrationHub.Json;

namespace IntegrationHub.Unify.Identity;

/// <summary>All that comparisons see of a contribution: its identity values by kind, in the order of <see cref="MatchPlan.Kinds"/>. Immutable.</summary>
public sealed class Profile
{
    private const char BetweenValues = '\u001F';
    private const char BetweenKinds = '\u001E';

    private UInt128? _hash;
    private (int Rule, long Value)[]? _candidates;

    public Profile(string[][] values) => Values = values;

    /// <summary>Distinct values of each kind, in ordinal order.</summary>
    public string[][] Values { get; }

    /// <summary>The same for profiles that say the same, in every process.</summary>
    public UInt128 Hash => _hash ??= Wide(Text());

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
            var list = new List<string>();
            foreach (var child in tape.Children(node))
                list.Add(tape.GetText(child));
            if (plan.Declared[i] is { Blocked.Count: > 0 } kind)
                list.RemoveAll(kind.Blocks);
            values[i] = list.Count == 1 ? [list[0]] : [.. list.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
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
        var found = new List<(int, long)>();
        for (var rule = 0; rule < plan.Candidates.Count; rule++)
        {
            var candidate = plan.Candidates[rule];
            if (Array.Exists(candidate.Kinds, kind => Values[kind].Length == 0))
                continue;
            foreach (var value in Joined(candidate).Take(MostJoined))
                found.Add((rule, HashOf(value)));
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
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(Text());

    public static Profile FromBytes(ReadOnlySpan<byte> bytes) =>
        new([.. Encoding.UTF8.GetString(bytes).Split(BetweenKinds).Select(k => k.Length == 0 ? [] : k.Split(BetweenValues))]);

    public static long HashOf(string value) => (long)(ulong)Wide(value);

    /// <summary>A contribution with many values of several kinds is found by the first of their combinations.</summary>
    private const int MostJoined = 64;

    private IEnumerable<string> Joined(Candidate candidate)
    {
        IEnumerable<string> joined = Values[candidate.Kinds[0]];
        for (var i = 1; i < candidate.Kinds.Length; i++)
        {
            var values = Values[candidate.Kinds[i]];
            foreach (var besides in candidate.Besides[i])
                values = [.. values.Except(Values[besides], StringComparer.Ordinal)];
            if (values.Length == 0)
                return [];
            joined = joined.SelectMany(left => values.Select(right => left + BetweenValues + right));
        }

        return joined;
    }

    private static UInt128 Wide(string text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        var length = Encoding.UTF8.GetMaxByteCount(text.Length);
        var bytes = length <= 1024 ? stackalloc byte[length] : new byte[length];
        SHA256.HashData(bytes[..Encoding.UTF8.GetBytes(text, bytes)], hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }

    private string Text() => string.Join(BetweenKinds, Values.Select(v => v.Length switch { 0 => "", 1 => Clean(v[0]), _ => string.Join(BetweenValues, v.Select(Clean)) }));

    private static string Clean(string value) => value.AsSpan().IndexOfAny(BetweenKinds, BetweenValues) < 0 ? value : value.Replace(BetweenKinds, ' ').Replace(BetweenValues, ' ');
}
