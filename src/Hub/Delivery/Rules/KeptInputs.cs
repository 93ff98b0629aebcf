using System.Globalization;
using System.Text.Json;
using IntegrationHub.Storage;

namespace IntegrationHub.Delivery.Rules;

/// <summary>
/// Inputs of a rule's actions about one change, kept from the first attempt until all are done: the entity may change between attempts, and one key stands for
/// one action. Their text is kept byte for byte, because the journal of actions knows an input by its hash.
/// </summary>
/// <param name="At">Unix milliseconds of the first attempt.</param>
/// <param name="Inputs">JSON, one for each step from the first; those that are missing are built by the next attempt.</param>
internal sealed record KeptInputs(long At, IReadOnlyList<string> Inputs)
{
    private const string Kind = "rule-input";

    /// <param name="key">Of the rule and the change.</param>
    public static async ValueTask<KeptInputs?> ReadAsync(IHubReader reader, string key, CancellationToken cancellationToken) =>
        await reader.DocumentAsync(Kind, key, cancellationToken) is { } json ? Read(json) : null;

    /// <summary>Forgets those from before a time (unix milliseconds) whose change nobody will try again.</summary>
    /// <returns>How many.</returns>
    public static async ValueTask<int> ForgetAsync(IHubStore store, long before, CancellationToken cancellationToken)
    {
        List<string> old = [];
        foreach (var (key, json) in await store.Reader.DocumentsAsync(Kind, cancellationToken))
            if (Read(json).At < before)
                old.Add(key);
        if (old.Count == 0)
            return 0;
        var count = 0;
        await using var transaction = await store.BeginAsync(cancellationToken);
        foreach (var key in old)
        {
            var (rule, sequence) = Split(key);
            if (await transaction.DeliveryAsync(store.Catalog.Subscription(rule), sequence) is not null)
                continue;
            await RemoveAsync(transaction, key);
            count++;
        }

        await transaction.CommitAsync();
        return count;
    }

    /// <summary>What stands for a rule and a change.</summary>
    /// <param name="rule">Name of its subscription.</param>
    /// <param name="id">Of the event.</param>
    public static string Key(string rule, string id) => $"{rule}:{id}";

    public ValueTask SaveAsync(IHubTransaction transaction, string key) => transaction.SaveDocumentAsync(Kind, key, $$"""{"at":{{At}},"inputs":[{{string.Join(',', Inputs)}}]}""");

    public static ValueTask RemoveAsync(IHubTransaction transaction, string key) => transaction.SaveDocumentAsync(Kind, key, null);

    private static KeptInputs Read(string json)
    {
        using var document = JsonDocument.Parse(json);
        return new(document.RootElement.GetProperty("at").GetInt64(), [.. document.RootElement.GetProperty("inputs").EnumerateArray().Select(i => i.GetRawText())]);
    }

    private static (string Rule, long Sequence) Split(string key)
    {
        var id = key.LastIndexOf(':');
        return (key[..id], long.Parse(key.AsSpan(key.LastIndexOf('-') + 1), CultureInfo.InvariantCulture));
    }
}
