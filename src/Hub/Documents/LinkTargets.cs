using IntegrationHub.Json;
using IntegrationHub.Model;
using IntegrationHub.Storage;
using IntegrationHub.Unify;

namespace IntegrationHub.Documents;

/// <summary>
/// Finds the entities that link references mean. References are collected for a whole page first and resolved in one question; what nobody holds,
/// or more than one, stays unresolved.
/// </summary>
internal sealed class LinkTargets(IHubReader reader, Bindings bindings)
{
    private readonly Dictionary<IdentityKey, long> _found = [];
    private readonly HashSet<IdentityKey> _wanted = [];

    /// <summary>The keys of each reference in a list, strong ones first.</summary>
    public List<List<IdentityKey>> Collect(JsonTape tape, int list, LinkType link)
    {
        var references = new List<List<IdentityKey>>();
        if (bindings.Find(link.Entity) is not { } target || tape[list].Kind != JsonKind.Array)
            return references;
        foreach (var node in tape.Children(list))
        {
            var keys = ContributionDocument.TargetKeys(tape, node, target);
            keys = [.. keys.OrderByDescending(k => target.StrongKinds.Contains(k.Kind))];
            references.Add(keys);
            foreach (var key in keys)
                if (!_found.ContainsKey(key))
                    _wanted.Add(key);
        }

        return references;
    }

    public async ValueTask ResolveAsync(CancellationToken cancellationToken)
    {
        var keys = _wanted.ToList();
        _wanted.Clear();
        var holders = await reader.ResolveAsync(keys, cancellationToken);
        for (var i = 0; i < keys.Count; i++)
            _found[keys[i]] = holders[i];
    }

    /// <summary>Numbers of the entities that references mean, each once, in order.</summary>
    public SortedSet<long> Of(IEnumerable<List<IdentityKey>> references)
    {
        var targets = new SortedSet<long>();
        foreach (var keys in references)
            if (keys.Select(k => _found.GetValueOrDefault(k)).FirstOrDefault(e => e != 0) is var entity and not 0)
                targets.Add(entity);
        return targets;
    }
}
