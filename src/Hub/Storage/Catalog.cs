using System.Collections.Concurrent;
using IntegrationHub.Model;

namespace IntegrationHub.Storage;

/// <summary>Small numbers for names that rows refer to often. A number, once given, keeps its meaning for ever.</summary>
/// <param name="resolve">Finds or makes the number in the store.</param>
/// <param name="lookup">Finds the name of a number.</param>
public sealed class Catalog(Func<string, string, int> resolve, Func<int, (string Kind, string Name)?> lookup)
{
    private readonly ConcurrentDictionary<(string, string), int> _numbers = new();
    private readonly ConcurrentDictionary<int, (string Kind, string Name)> _names = new();

    public int EntityType(string name) => Number("entity", name);

    /// <summary>The kind of key that every contribution has: its connection and its own id there.</summary>
    public int SourceKey(string entityType) => Number("key", SourceKeyName(entityType));

    /// <summary>A kind of identity value of an entity type. A demoted value (a failed check digit) is a kind of its own.</summary>
    public int Key(string entityType, string kind, bool demoted) => Number("key", KeyName(entityType, kind, demoted));

    public int Connection(string name) => Number("connection", name);

    public int Link(string entityType, string link) => Number("link", LinkName(entityType, link));

    /// <summary>A stream of a connection, as records and cursors refer to it.</summary>
    public int Stream(string connection, string stream) => Number("stream", $"{connection}/{stream}");

    public int Subscription(string name) => Number("subscription", name);

    /// <summary>A version of a mapping.</summary>
    public int Mapping(string source, string hash) => Number("mapping", $"{source}@{hash}");

    public string Name(int number) =>
        _names.GetOrAdd(number, n => lookup(n) ?? throw new StoreException($"the store refers to name {n}, which it does not hold")).Name;

    /// <summary>All names that a model brings, so that a store can number them at once.</summary>
    public static IEnumerable<(string Kind, string Name)> NamesOf(EntityModel model)
    {
        foreach (var entity in model.Entities)
        {
            yield return ("entity", entity.Name);
            yield return ("key", SourceKeyName(entity.Name));
            foreach (var kind in entity.Identity)
            {
                yield return ("key", KeyName(entity.Name, kind.Name, demoted: false));
                yield return ("key", KeyName(entity.Name, kind.Name, demoted: true));
            }

            foreach (var link in entity.Links)
                yield return ("link", LinkName(entity.Name, link.Name));
        }
    }

    private static string SourceKeyName(string entityType) => entityType + ".source";

    private static string KeyName(string entityType, string kind, bool demoted) => $"{entityType}.{kind}{(demoted ? "?" : "")}";

    private static string LinkName(string entityType, string link) => $"{entityType}.{link}";

    private int Number(string kind, string name) => _numbers.GetOrAdd((kind, name), k => resolve(k.Item1, k.Item2));
}
