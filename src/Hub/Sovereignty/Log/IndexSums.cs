using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using IntegrationHub.Sovereignty.Log.Entries;

namespace IntegrationHub.Sovereignty.Log;

/// <summary>
/// Tells whether entries and the index of subjects say the same, each read in its own order and neither held in memory: for each stretch of entries the
/// sum of a keyed hash over what the entries name, less the same over what the index holds. The key is made anew for each verification, so that nobody
/// can choose what adds up (an additive multiset hash: Clarke and others, Asiacrypt 2003).
/// </summary>
internal sealed class IndexSums
{
    /// <summary>Entries of a stretch.</summary>
    public const int Stretch = 65_536;

    private const int KeySize = 16;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(KeySize);
    private readonly Dictionary<long, UInt128> _sums = [];
    private readonly Lock _lock = new();

    /// <summary>An entry names a subject.</summary>
    public void Entry(long sequence, long part, UInt128 commitment) => Add(sequence, Hash(sequence, part, commitment));

    /// <summary>The index leads from a subject to an entry.</summary>
    public void Place(long sequence, long part, UInt128 commitment) => Add(sequence, UInt128.Zero - Hash(sequence, part, commitment));

    /// <summary>Stretches whose entries and index differ, by their first entry.</summary>
    public IEnumerable<long> Differing() => _sums.Where(s => s.Value != UInt128.Zero).Select(s => s.Key * Stretch).Order();

    private void Add(long sequence, UInt128 hash)
    {
        lock (_lock)
            CollectionsMarshal.GetValueRefOrAddDefault(_sums, sequence / Stretch, out _) += hash;
    }

    private UInt128 Hash(long sequence, long part, UInt128 commitment)
    {
        Span<byte> message = stackalloc byte[KeySize + 16 + LogCommitments.Size];
        _key.CopyTo(message);
        BinaryPrimitives.WriteInt64LittleEndian(message[KeySize..], sequence);
        BinaryPrimitives.WriteInt64LittleEndian(message[(KeySize + 8)..], part);
        BinaryPrimitives.WriteUInt128BigEndian(message[(KeySize + 16)..], commitment);
        Span<byte> hash = stackalloc byte[32];
        NSec.Cryptography.HashAlgorithm.Sha256.Hash(message, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
