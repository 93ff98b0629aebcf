using IntegrationHub.Json;
using IntegrationHub.Model;
using IntegrationHub.Storage;
using IntegrationHub.Unify.Identity;

namespace IntegrationHub.Unify;

/// <summary>Reads what identity needs from the JSON of a kept contribution or golden entity.</summary>
public static class ContributionDocument
{
    private static readonly JsonLimits Limits = new() { MaxDepth = JsonLimits.HighestDepth };

    [ThreadStatic]
    private static JsonTape? _tape;

    /// <summary>All identity keys of a contribution, its source key first.</summary>
    public static List<IdentityKey> Keys(ContributionRow row, EntityBinding binding) => Identity(row, binding).Keys;

    /// <summary>All identity keys of a contribution, and what comparisons see of it.</summary>
    public static (List<IdentityKey> Keys, Profile Profile) Identity(ContributionRow row, EntityBinding binding) => Identity(row.Connection, row.Key, row.Body, binding);

    /// <param name="connection">Number of the connection that the contribution comes from.</param>
    /// <param name="key">Its own id there.</param>
    /// <param name="body">Its JSON.</param>
    public static (List<IdentityKey> Keys, Profile Profile) Identity(int connection, string key, ArraySegment<byte> body, EntityBinding binding)
    {
        var tape = Parse(body);
        var keys = new List<IdentityKey>(8) { new(binding.SourceKey, EntityBinding.SourceKeyValue(connection, key)) };
        var said = new string[binding.Plan.Kinds.Length][];
        Array.Fill(said, []);
        var texts = new List<string>(4);
        if (tape.Find(0, "identity"u8) is >= 0 and var identity)
            foreach (var values in tape.Children(identity))
            {
                if (binding.IdentityName(tape, values - 1) is not { } name)
                    continue;
                texts.Clear();
                foreach (var value in tape.Children(values))
                    texts.Add(tape.GetText(value));
                AddKeys(name, texts, keys);
                if (name.Position >= 0)
                    said[name.Position] = Said(name, texts);
            }

        return (keys, new(said));
    }

    /// <summary>As <see cref="Identity(int, string, ArraySegment{byte}, EntityBinding)"/>, with what resolution derives from it: for who maps records beside the one that resolves.</summary>
    public static (List<IdentityKey> Keys, Profile Profile) DerivedIdentity(int connection, string key, ArraySegment<byte> body, EntityBinding binding)
    {
        var (keys, profile) = Identity(connection, key, body, binding);
        if (profile.Candidates(binding.Plan).Length > 0)
            _ = profile.Hash;
        return (keys, profile);
    }

    private static void AddKeys(IdentityName name, List<string> texts, List<IdentityKey> keys)
    {
        if (name.Key < 0)
            return;
        // More values than an entity can have say that something is wrong with the record; none of them joins.
        var kind = name.Kind?.Limit is { } most && texts.Count > most && Different(name.Kind, texts).Count > most ? name.DemotedKey : name.Key;
        foreach (var text in texts)
            if (name.Kind?.Blocks(text) != true)
                keys.Add(new(kind, text));
    }

    /// <summary>What a profile holds of the values of one kind; nothing when there are more than an entity may hold.</summary>
    private static string[] Said(IdentityName name, List<string> texts)
    {
        var kind = name.IsDemoted ? null : name.Kind;
        if (texts is [var only])
            return Profile.Clean(only) is var clean && kind?.Blocks(clean) == true ? [] : [clean];
        var different = Different(kind, texts);
        return different.Count > kind?.Limit ? [] : [.. different.Order(StringComparer.Ordinal)];
    }

    /// <summary>The values that count, as profiles hold them: what is blocked or said twice is none.</summary>
    private static HashSet<string> Different(IdentityKind? kind, List<string> texts)
    {
        var different = new HashSet<string>(StringComparer.Ordinal);
        foreach (var text in texts)
            if (Profile.Clean(text) is var clean && kind?.Blocks(clean) != true)
                different.Add(clean);
        return different;
    }

    /// <summary>The links of a golden entity, as rows.</summary>
    public static List<LinkRow> Links(JsonTape golden, long entity, EntityBinding binding, Bindings bindings)
    {
        var rows = new List<LinkRow>();
        var links = golden.Count == 0 ? -1 : golden.Find(0, "links"u8);
        if (links < 0)
            return rows;
        foreach (var targets in golden.Children(links))
        {
            var name = golden.GetText(targets - 1);
            if (binding.Type.Link(name) is not { } link || bindings.Find(link.Entity) is not { } target)
                continue;
            foreach (var node in golden.Children(targets))
                foreach (var key in TargetKeys(golden, node, target))
                    rows.Add(new(key, binding.Link(name), entity));
        }

        return rows;
    }

    /// <summary>The keys that a link's target goes by.</summary>
    public static List<IdentityKey> TargetKeys(JsonTape tape, int node, EntityBinding target)
    {
        var keys = new List<IdentityKey>();
        if (tape.Find(node, "key"u8) is var key and >= 0)
        {
            JsonNumber.TryGetInt64(tape.Raw(tape.Find(node, "connection"u8)), out var connection);
            keys.Add(new(target.SourceKey, EntityBinding.SourceKeyValue((int)connection, tape.GetText(key))));
        }
        else if (tape.Find(node, "identity"u8) is var identity and >= 0)
        {
            foreach (var values in tape.Children(identity))
            {
                var name = tape.GetText(values - 1);
                var demoted = name.EndsWith('?');
                if (target.Kind(demoted ? name[..^1] : name, demoted) is var kind and >= 0)
                    foreach (var value in tape.Children(values))
                        keys.Add(new(kind, tape.GetText(value)));
            }
        }

        return keys;
    }

    private static JsonTape Parse(ArraySegment<byte> body)
    {
        var tape = _tape ??= new();
        var parsed = tape.Parse(body.Array!, body.Offset, body.Count, Limits);
        return parsed.IsOk ? tape : throw new InvalidOperationException("kept JSON cannot be read: " + parsed);
    }
}
