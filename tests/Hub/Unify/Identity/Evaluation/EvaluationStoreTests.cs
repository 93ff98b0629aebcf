using CsCheck;
using IntegrationHub.Model;
using IntegrationHub.Storage;
using IntegrationHub.Unify;
using IntegrationHub.Unify.Identity;
using IntegrationHub.Unify.Identity.Evaluation;

namespace IntegrationHub.Tests.Unify.Identity.Evaluation;

/// <summary>The store in memory that upserts of an evaluation are applied to.</summary>
public sealed class EvaluationStoreTests
{
    private static readonly EntityModel Model = ModelFiles.Compile([("client.yaml", MatchRig.ModelText)]);

    /// <summary>Filled with what some records say, then told one at a time what others say and what some say now.</summary>
    [Fact]
    public Task Upserts_one_at_a_time_give_the_entities_of_resolving_all_at_once() => Gen.Select(MatchRegionTests.Clients.Array[1, 16], Gen.Select(Gen.Int[0, 30], MatchRegionTests.Clients).Array[1, 16]).SampleAsync(
        async (filled, upserts) =>
        {
            var bindings = new Bindings(Model, EvaluationStore.CatalogOf(Model));
            var type = bindings.Find("client")!;
            var said = filled.ToList();
            var store = await EvaluationStore.OfAsync(bindings, type, [.. said.Select((client, i) => Row(type, i, client))]);
            foreach (var (number, client) in upserts)
            {
                var position = number < said.Count ? number : said.Count;
                if (position == said.Count)
                    said.Add(client);
                else
                    said[position] = client;
                var record = new RecordRow { Id = position + 1, Stream = 1, SourceId = $"k{position}" };
                await new UnifyBatch(store, bindings, _ => EvaluationStore.Connector).ApplyAsync([new(record, EvaluationStore.Connection, [new(type, $"k{position}", client.Time, client.Body)])], new(1, 1, 0));
                var atOnce = await EvaluationStore.OfAsync(bindings, type, [.. said.Select((c, i) => Row(type, i, c))]);
                Assert.Equal(Groups(atOnce, said.Count), Groups(store, said.Count));
            }
        },
        iter: 200,
        threads: 2,
        print: sample => $"{string.Join(" | ", (IEnumerable<Client>)sample.Item1)} then {string.Join(" | ", sample.Item2)}");

    private static ContributionRow Row(EntityBinding type, int position, Client client) => EvaluationStore.Row(type, position, $"k{position}", client.Time, client.Body);

    private static IEnumerable<string> Groups(EvaluationStore store, int records)
    {
        var entity = store.EntityOfRecords(records);
        return Enumerable.Range(0, records).GroupBy(i => entity[i]).Select(g => string.Join(',', g)).Order(StringComparer.Ordinal);
    }
}
