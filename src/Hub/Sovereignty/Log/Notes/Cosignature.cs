using System.Buffers.Binary;
using System.Text;

namespace IntegrationHub.Sovereignty.Log.Notes;

/// <summary>A witness's statement that it saw a checkpoint, and nothing that contradicts it, up to a time (c2sp.org/tlog-cosignature, Ed25519).</summary>
public static class Cosignature
{
    private const int TimeBytes = 8;

    /// <param name="text">The checkpoint's text.</param>
    /// <param name="time">Unix seconds.</param>
    public static NoteSignature Sign(string text, NoteSigner witness, long time)
    {
        var signature = new byte[TimeBytes + 64];
        BinaryPrimitives.WriteInt64BigEndian(signature, time);
        witness.Sign(Message(text, time)).CopyTo(signature, TimeBytes);
        return new(witness.Verifier.Name, witness.Verifier.Id, signature);
    }

    /// <summary>Unix seconds of the statement.</summary>
    public static long Time(NoteSignature signature) => BinaryPrimitives.ReadInt64BigEndian(signature.Signature);

    internal static bool Verify(string text, NoteSignature signature, VerifierKey witness) =>
        signature.Signature.Length == TimeBytes + 64 && Time(signature) >= 0 && witness.Verify(Message(text, Time(signature)), signature.Signature.AsSpan(TimeBytes));

    private static byte[] Message(string text, long time) => Encoding.UTF8.GetBytes($"cosignature/v1\ntime {time}\n{text}");
}
