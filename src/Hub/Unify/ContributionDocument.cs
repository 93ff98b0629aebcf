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
    public static List<IdentityKey> Keys(ContributionRow row, EntityBinding binding) => Keys(Parse(row.Body), row.Connection, row.Key, binding);

    /// <summary>All identity keys of a contribution, and what comparisons see of it.</summary>
    public static (List<IdentityKey> Keys, Profile Profile) Identity(ContributionRow row, EntityBinding binding) => Identity(row.Connection, row.Key, row.Body, binding);

    /// <param name="connection">Number of the connection that the contribution comes from.</param>
    /// <param name="key">Its own id there.</param>
    /// <param name="body">Its JSON.</param>
    public static (List<IdentityKey> Keys, Profile Profile) Identity(int connection, string key, ArraySegment<byte> body, EntityBinding binding)
    {
        var tape = Parse(body);
        return (Keys(tape, connection, key, binding), Profile.Read(binding.Plan, tape));
    }

    private static List<IdentityKey> Keys(JsonTape tape, int connection, string key, EntityBinding binding)
    {
        var keys = new List<IdentityKey> { new(binding.SourceKey, EntityBinding.SourceKeyValue(connection, key)) };
        var identity = tape.Find(0, "identity"u8);
        if (identity < 0)
            return keys;
        foreach (var values in tape.Children(identity))
        {
            var name = tape.GetText(values - 1);
            var demoted = name.EndsWith('?');
            if (demoted)
                name = name[..^1];
            if (name == "source")
            {
                // A pin says with it what it is pinned to.
                foreach (var value in tape.Children(values))
                    keys.Add(new(binding.SourceKey, tape.GetText(value)));
                continue;
            }

            if (binding.Declared(name) is not { } declared)
                continue;
            // More values than an entity can have say that something is wrong with the record; none of them joins.
            var kind = binding.Kind(name, demoted || (declared.Limit is { } most && IsMore(tape, values, most, declared)));
            foreach (var value in tape.Children(values))
                if (tape.GetText(value) is var text && !declared.Blocks(text))
                    keys.Add(new(kind, text));
        }

        return keys;
    }

    /// <summary>Whether there are more values than so many, as <see cref="Profile.Read"/> counts: what is blocked or said twice is none.</summary>
    private static bool IsMore(JsonTape tape, int values, int most, IdentityKind declared)
    {
        if (tape[values].Kind != JsonKind.Array || tape[values].Count <= most)
            return false;
        var different = new HashSet<string>(StringComparer.Ordinal);
        foreach (var value in tape.Children(values))
            if (Profile.Clean(tape.GetText(value)) is var text && !declared.Blocks(text))
                different.Add(text);
        return different.Count > most;
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
