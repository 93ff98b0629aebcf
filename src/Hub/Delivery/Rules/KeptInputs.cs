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
    public static async ValueTask<KeptInputs?> ReadAsync(IHubReader reader, string key, CancellationToken cancellationToken)
    {
        if (await reader.DocumentAsync(Kind, key, cancellationToken) is not { } json)
            return null;
        using var document = JsonDocument.Parse(json);
        return new(document.RootElement.GetProperty("at").GetInt64(), [.. document.RootElement.GetProperty("inputs").EnumerateArray().Select(i => i.GetRawText())]);
    }

    public ValueTask SaveAsync(IHubTransaction transaction, string key) => transaction.SaveDocumentAsync(Kind, key, $$"""{"at":{{At}},"inputs":[{{string.Join(',', Inputs)}}]}""");

    public static ValueTask RemoveAsync(IHubTransaction transaction, string key) => transaction.SaveDocumentAsync(Kind, key, null);
}
