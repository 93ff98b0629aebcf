using System.Text.Json.Nodes;
using IntegrationHub.Api;
using IntegrationHub.Connections;
using IntegrationHub.Storage;
using IntegrationHub.Unify;
using IntegrationHub.Unify.Identity;

namespace IntegrationHub.Commands.Demo;

/// <summary>A customer of simulated vendors who stands in a real notice, too.</summary>
/// <param name="Number">Number of the entity.</param>
/// <param name="Id">Its id.</param>
internal sealed record DemoCustomer(long Number, string Id)
{
    private const string Steward = "demo";
    private const int Proposed = 200;
    private const int Shown = 6;

    /// <summary>
    /// Equal names only propose that customers are one; a person decides. The demo plays that person for customers who stand in a notice and at a vendor, and leaves the other
    /// proposals for whoever tries it.
    /// </summary>
    public static async ValueTask<IReadOnlyList<DemoCustomer>> UniteAsync(Workspace workspace, CancellationToken cancel)
    {
        var binding = workspace.Bindings.Find("customer")!;
        var proposals = await new Proposals(workspace.Store.Reader, binding).FindAsync(0, Proposed, int.MaxValue, cancel);
        var sameName = proposals.Where(p => p.Findings.Any(f => f is { Kind: "name", Outcome: "equal" }))
            .GroupBy(p => p.Findings.First(f => f.Kind == "name").A[0], StringComparer.Ordinal);
        var notices = workspace.Store.Catalog.Connection("public-tenders");
        foreach (var group in sameName)
        {
            var entities = group.SelectMany(p => new[] { p.A, p.B }).Distinct().Order().ToList();
            var sources = new List<HashSet<int>>();
            foreach (var entity in entities)
                sources.Add([.. (await workspace.Store.Reader.ContributionsAsync(entity, cancel)).Select(c => c.Connection)]);
            if (sources.Any(s => s.Contains(notices)) && sources.Any(s => !s.Contains(notices)))
                await workspace.Stewardship(Steward).MergeAsync(entities, new(Steward, "the demo plays the steward: the same name in a real notice and at simulated vendors"), cancel);
        }

        var united = new SortedSet<long>();
        foreach (var decision in await workspace.Store.Reader.DecisionsAsync(long.MaxValue, Proposed, cancel))
            if (decision is { Kind: "merge", By: Steward, UndoneBy: 0 })
                foreach (var holder in await workspace.Store.Reader.ResolveAsync([.. decision.Left.Select(k => new IdentityKey(binding.SourceKey, k))], cancel))
                    if (holder != 0)
                        united.Add(holder);
        return [.. united.Select(n => new DemoCustomer(n, EntityId.Format(binding.Type, n)))];
    }

    /// <summary>Shows where the customer comes from, and the head of its timeline.</summary>
    public static async ValueTask WriteAsync(Workspace workspace, DemoCustomer customer, TextWriter output, CancellationToken cancel)
    {
        var row = (await workspace.Store.Reader.EntityAsync(customer.Number, cancel))!;
        var contributions = await workspace.Store.Reader.ContributionsAsync(customer.Number, cancel);
        var (entries, next) = await new Timeline(workspace).ReadAsync(customer.Number, Shown, null, cancel);
        output.WriteLine();
        output.WriteLine($"One customer out of {contributions.Select(c => c.Connection).Distinct().Count()} systems: {customer.Id}, {JsonNode.Parse(row.Body)!["name"]}");
        output.WriteLine($"  {string.Join(", ", contributions.GroupBy(c => c.Connection).Select(g => $"{workspace.Store.Catalog.Name(g.Key)} ({g.Count()})"))}");
        output.WriteLine("  Their names only propose that; 'hub identity decisions' shows who accepted it. The newest of its timeline:");
        foreach (var entry in entries)
            output.WriteLine($"    {(entry.At ?? "")[..Math.Min(10, entry.At?.Length ?? 0)],-10}  {EntityId.Format(entry.Type, entry.Linked.Id),-16} {entry.Label}");
        output.WriteLine($"  {(next is null ? "" : "and more: ")}hub --data {workspace.Config.Data} customers show {customer.Id} [--timeline | --explain '*']");
    }
}
