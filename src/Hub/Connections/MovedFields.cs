using System.Runtime.CompilerServices;
using IntegrationHub.Mapping;
using IntegrationHub.Model;
using IntegrationHub.Sovereignty.Log.Entries;

namespace IntegrationHub.Connections;

/// <summary>The names and classes of fields as entries of the sovereignty log list them.</summary>
public static class MovedFields
{
    private static readonly ConditionalWeakTable<MappingPlan, IReadOnlyList<LogData>> Plans = [];

    /// <summary>All that a mapping can write, identity values included.</summary>
    public static IReadOnlyList<LogData> Of(MappingPlan plan) => Plans.GetValue(plan, static p =>
    [
        .. p.Contributions.GroupBy(c => c.Entity).Select(g =>
            Of(g.Key, g.SelectMany(c => c.Fields.Select(f => f.Field)).Distinct(), g.SelectMany(c => c.Identity.Select(i => i.Kind.Name)))),
    ]);

    /// <summary>Fields of one type; <paramref name="others"/> are names without a class, such as kinds of identity.</summary>
    public static LogData Of(EntityType type, IEnumerable<FieldType> fields, IEnumerable<string> others)
    {
        var all = fields.ToList();
        return new(type.Name, [.. all.Select(f => f.Name).Concat(others).Distinct()], [.. all.Select(f => f.Class).Distinct().Order().Select(c => c.ToString().ToLowerInvariant())]);
    }
}
