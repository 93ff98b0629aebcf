using System.Text;

namespace IntegrationHub.Json;

/// <summary>A fixed list of names that member names of a tape are looked up in: one vectorised pass over the hashes the tape keeps anyway.</summary>
internal sealed class NameTable(IReadOnlyList<string> names)
{
    private readonly byte[][] _names = [.. names.Select(Encoding.UTF8.GetBytes)];
    private readonly uint[] _hashes = [.. names.Select(n => JsonName.HashOf(Encoding.UTF8.GetBytes(n)))];

    /// <summary>Position of a member's name in the list, or -1.</summary>
    public int IndexOf(JsonTape tape, int nameNode)
    {
        var hash = tape[nameNode].NameHash;
        var from = 0;
        while (_hashes.AsSpan(from).IndexOf(hash) is var found and >= 0)
        {
            from += found;
            if (tape.TextEquals(nameNode, _names[from]))
                return from;
            from++;
        }

        return -1;
    }
}
