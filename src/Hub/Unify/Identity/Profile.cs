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

    /// <summary>So many hashes of texts of so many characters at most are remembered by a thread.</summary>
    private const int KnownHashes = 256;
    private const int LongestKnown = 256;

    [ThreadStatic]
    private static Utf8Output? _text;

    [ThreadStatic]
    private static (string? Text, long Hash)[]? _hashes;

    private readonly string[]?[] _values;

    /// <summary>The bytes it was read from; of one made from values, made when they are asked for.</summary>
    private byte[]? _kept;

    /// <summary>Where in the kept bytes each kind begins, and one past the end of all, as if there were a separator.</summary>
    private int[]? _starts;

    private UInt128? _hash;
    private (int Rule, long Value)[]? _candidates;

    /// <param name="values">Distinct values of each kind, in ordinal order; none has U+001E or U+001F in it.</param>
    public Profile(string[][] values) => _values = values;

    private Profile(int kinds, byte[] kept, UInt128 hash) => (_values, _kept, _hash) = (new string[kinds][], kept, hash);

    /// <summary>Distinct values of a kind, by position, in ordinal order.</summary>
    public string[] this[int kind] => _values[kind] ??= Kept(kind);

    /// <summary>The same for profiles that say the same, in every process.</summary>
    public UInt128 Hash => _hash ??= Wide(Text().Written);

    /// <summary>All candidate values of this profile.</summary>
    public (int Rule, long Value)[] Candidates(MatchPlan plan)
    {
        if (_candidates is not null)
            return _candidates;
        var found = new List<(int, long)>(plan.Candidates.Length);
        for (var rule = 0; rule < plan.Candidates.Length; rule++)
        {
            var room = MostJoined;
            Join(rule, plan.Candidates[rule], 0, "", ref room, found);
        }

        return _candidates = [.. found];
    }

    /// <summary>The bytes the store keeps.</summary>
    public byte[] ToBytes() => Text().Written.ToArray();

    /// <summary>The bytes of all values of a kind: the same for two profiles that say the same of it.</summary>
    internal ReadOnlySpan<byte> Said(int kind)
    {
        var starts = _starts ??= Starts();
        return _kept.AsSpan(starts[kind]..(starts[kind + 1] - 1));
    }

    /// <summary>Whether the bytes of a kind are those of several values.</summary>
    internal static bool AreSeveral(ReadOnlySpan<byte> said) => said.Contains((byte)BetweenValues);

    /// <summary>Whether bytes that the store kept are of a model with these kinds.</summary>
    public static bool IsOf(MatchPlan plan, ReadOnlySpan<byte> bytes) => bytes.Count((byte)BetweenKinds) == plan.Kinds.Length - 1;

    /// <summary>A profile that the store kept. Of many only some kinds are asked for, so each is read when it is.</summary>
    /// <param name="bytes">Those of <see cref="ToBytes"/>, of a model with the same kinds.</param>
    /// <param name="hash">That of <see cref="Hash"/>.</param>
    public static Profile FromBytes(MatchPlan plan, byte[] bytes, UInt128 hash) => new(plan.Kinds.Length, bytes, hash);

    /// <summary>The number a candidate value is found by. That of a value somebody else has cannot be aimed at: with it one could hide that the value is shared.</summary>
    public static long HashOf(string value)
    {
        if (value.Length > LongestKnown)
            return Hashed(value);
        // Who is compared with each other says mostly the same, one after the other.
        ref var known = ref (_hashes ??= new (string?, long)[KnownHashes])[(uint)value.GetHashCode() % KnownHashes];
        if (known.Text != value)
            known = (value, Hashed(value));
        return known.Hash;
    }

    private static long Hashed(string value)
    {
        var length = Encoding.UTF8.GetMaxByteCount(value.Length);
        var bytes = length <= 1024 ? stackalloc byte[length] : new byte[length];
        return (long)(ulong)Wide(bytes[..Encoding.UTF8.GetBytes(value, bytes)]);
    }

    /// <summary>A contribution with many values of several kinds is found by the first of their combinations.</summary>
    internal const int MostJoined = 64;

    private void Join(int rule, Candidate candidate, int at, string joined, ref int room, List<(int, long)> found)
    {
        foreach (var value in this[candidate.Kinds[at]])
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
            if (Array.IndexOf(this[kind], value) >= 0)
                return true;
        return false;
    }

    private string[] Kept(int kind)
    {
        var all = Said(kind);
        if (all.IsEmpty)
            return [];
        if (!AreSeveral(all))
            return [Encoding.UTF8.GetString(all)];
        var values = new string[all.Count((byte)BetweenValues) + 1];
        var i = 0;
        foreach (var value in all.Split((byte)BetweenValues))
            values[i++] = Encoding.UTF8.GetString(all[value]);
        return values;
    }

    private int[] Starts()
    {
        var kept = (_kept ??= ToBytes()).AsSpan();
        var starts = new int[_values.Length + 1];
        for (var kind = 1; kind < _values.Length; kind++)
            starts[kind] = starts[kind - 1] + kept[starts[kind - 1]..].IndexOf((byte)BetweenKinds) + 1;
        starts[^1] = kept.Length + 1;
        return starts;
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
        for (var kind = 0; kind < _values.Length; kind++)
        {
            if (kind > 0)
                text.WriteByte((byte)BetweenKinds);
            var values = this[kind];
            for (var i = 0; i < values.Length; i++)
            {
                if (i > 0)
                    text.WriteByte((byte)BetweenValues);
                Encoding.UTF8.GetBytes(values[i], text);
            }
        }

        return text;
    }

    /// <summary>A value as profiles hold it: what stands between values in them is a space.</summary>
    internal static string Clean(string value) => value.AsSpan().IndexOfAny(BetweenKinds, BetweenValues) < 0 ? value : value.Replace(BetweenKinds, ' ').Replace(BetweenValues, ' ');
}
