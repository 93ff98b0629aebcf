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
    /// <summary>With so many contacts that some of a batch have nothing to do with each other.</summary>
    private static readonly Gen<Client> Clients =
        from client in MatchRegionTests.Clients
        from spread in Gen.Int[0, 2]
        select client with { Mobile = client.Mobile is 0 or 9 ? client.Mobile : client.Mobile + (10 * spread), Mail = client.Mail == 0 ? 0 : client.Mail + (10 * spread) };

    private static readonly EntityModel Model = ModelFiles.Compile([("client.yaml", MatchRig.ModelText)]);

    /// <summary>Filled with what some records say, then told, by one or several at a time, what others say and what some say now.</summary>
    [Fact]
    public Task Upserts_give_the_entities_of_resolving_all_at_once() => Gen.Select(Clients.Array[1, 16], Gen.Select(Gen.Int[0, 30], Clients).Array[1, 32], Gen.Int[1, 12]).SampleAsync(
        async (filled, upserts, together) =>
        {
            var bindings = new Bindings(Model, EvaluationStore.CatalogOf(Model));
            var type = bindings.Find("client")!;
            var said = filled.ToList();
            var store = await EvaluationStore.OfAsync(bindings, type, [.. said.Select((client, i) => Row(type, i, client))]);
            foreach (var batch in upserts.Chunk(together))
            {
                var records = new List<RecordContributions>();
                foreach (var (number, client) in batch)
                {
                    var position = number < said.Count ? number : said.Count;
                    if (position == said.Count)
                        said.Add(client);
                    else
                        said[position] = client;
                    var record = new RecordRow { Id = position + 1, Stream = 1, SourceId = $"k{position}" };
                    records.Add(new(record, EvaluationStore.Connection, [new(type, $"k{position}", client.Time, client.Body)]));
                }

                await new UnifyBatch(store, bindings, _ => EvaluationStore.Connector).ApplyAsync(records, new(1, 1, 0));
                var atOnce = await EvaluationStore.OfAsync(bindings, type, [.. said.Select((c, i) => Row(type, i, c))]);
                Assert.Equal(Groups(atOnce, said.Count), Groups(store, said.Count));
            }
        },
        iter: 200,
        threads: 2,
        print: sample => $"{string.Join(" | ", (IEnumerable<Client>)sample.Item1)} then, {sample.Item3} at a time, {string.Join(" | ", sample.Item2)}");

    private static ContributionRow Row(EntityBinding type, int position, Client client) => EvaluationStore.Row(type, position, $"k{position}", client.Time, client.Body);

    private static IEnumerable<string> Groups(EvaluationStore store, int records)
    {
        var entity = store.EntityOfRecords(records);
        return Enumerable.Range(0, records).GroupBy(i => entity[i]).Select(g => string.Join(',', g)).Order(StringComparer.Ordinal);
    }
}
