using System.Text.Json;
using IntegrationHub.Sdk.Actions;
using IntegrationHub.Storage;

namespace IntegrationHub.Connections.Actions;

/// <summary>What is kept of one action: that it began, the steps it noted, and its output. Input is kept as a hash only.</summary>
internal sealed class ActionJournal : IActionSteps
{
    private readonly Workspace _workspace;
    private readonly int _connection;
    private readonly string _key;
    private Kept _kept;

    private ActionJournal(Workspace workspace, int connection, string key, Kept kept, bool isRepeat)
    {
        _workspace = workspace;
        _connection = connection;
        _key = key;
        _kept = kept;
        IsRepeat = isRepeat;
    }

    /// <summary>An earlier call began and was not seen to end.</summary>
    public bool IsRepeat { get; }

    public JsonElement? Output => _kept.Output;

    /// <exception cref="ActionConflictException">The key stands for something else.</exception>
    public static async Task<ActionJournal> OpenAsync(Workspace workspace, int connection, string key, string action, string inputHash, CancellationToken cancellationToken)
    {
        string? json;
        await using (var transaction = await workspace.Store.BeginAsync(cancellationToken))
            json = await transaction.ActionAsync(connection, key);
        if (json is null)
            return new(workspace, connection, key, new(action, inputHash, [], null), isRepeat: false);
        var kept = JsonSerializer.Deserialize<Kept>(json)!;
        if (kept.Action != action || kept.InputHash != inputHash)
            throw new ActionConflictException("this key was used for another action or other input; use a new key for a new action", underWay: false);
        return new(workspace, connection, key, kept, isRepeat: true);
    }

    /// <param name="json">What the store keeps of an action, or <c>null</c>.</param>
    public static bool HasEnded(string? json) => json is not null && JsonSerializer.Deserialize<Kept>(json)!.Output is not null;

    /// <param name="also">Writes in the same transaction, here as below.</param>
    public ValueTask BeginAsync(Action<IHubTransaction> also) => SaveAsync(also);

    public ValueTask EndAsync(JsonElement output, Action<IHubTransaction> also)
    {
        _kept = _kept with { Output = output };
        return SaveAsync(also);
    }

    /// <summary>Frees the key, unless something was noted.</summary>
    public ValueTask ForgetAsync(Action<IHubTransaction> also) => _kept.Steps.Count > 0 ? SaveAsync(also) : WriteAsync(null, also);

    public string? Get(string name) => _kept.Steps.GetValueOrDefault(name);

    public ValueTask SetAsync(string name, string value, CancellationToken cancellationToken)
    {
        if (value.Length == 0)
            _kept.Steps.Remove(name);
        else
            _kept.Steps[name] = value;
        return SaveAsync(static _ => { });
    }

    private ValueTask SaveAsync(Action<IHubTransaction> also) => WriteAsync(JsonSerializer.Serialize(_kept), also);

    private async ValueTask WriteAsync(string? json, Action<IHubTransaction> also)
    {
        await using var transaction = await _workspace.Store.BeginAsync(CancellationToken.None);
        await transaction.SaveActionAsync(_connection, _key, json, _workspace.Now);
        also(transaction);
        await transaction.CommitAsync();
    }

    private sealed record Kept(string Action, string InputHash, Dictionary<string, string> Steps, JsonElement? Output);
}
