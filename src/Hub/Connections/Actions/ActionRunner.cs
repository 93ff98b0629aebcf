using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Actions;
using IntegrationHub.Yaml;

namespace IntegrationHub.Connections.Actions;

/// <summary>How an action ended.</summary>
/// <param name="Output">What the connector gave.</param>
/// <param name="Replayed">It had ended before; nothing was done now.</param>
public sealed record ActionOutcome(JsonElement Output, bool Replayed);

/// <summary>The key stands for another action or other input, or the first call is still under way.</summary>
public sealed class ActionConflictException(string message, bool underWay) : Exception(message)
{
    public bool IsUnderWay { get; } = underWay;
}

/// <summary>
/// Carries out actions, each key once: what has ended is answered from what was kept; what broke off is handed to the connector again, which looks before it acts.
/// </summary>
public sealed class ActionRunner(Workspace workspace)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);

    /// <exception cref="ConnectorException">What went wrong; an unknown end says so.</exception>
    /// <exception cref="ActionConflictException">The key cannot be used for this.</exception>
    public async Task<ActionOutcome> RunAsync(string connectionName, string action, string key, JsonElement input, Caller caller, CancellationToken cancellationToken)
    {
        var config = workspace.Connection(connectionName);
        var manifest = workspace.Connectors.Get(config.Connector).Manifest;
        if (manifest.Actions.FirstOrDefault(a => a.Name == action) is not { } known)
            throw new ConnectorException(ConnectorErrorKind.Permanent, $"connector '{manifest.Id}' has no action '{action}'{NearestName.Hint(action, manifest.Actions.Select(a => a.Name))}");
        if (key.Length is 0 or > 200)
            throw new ConnectorException(ConnectorErrorKind.Permanent, "the idempotency key must have 1 to 200 characters");

        var number = workspace.NumberOf(config);
        using var alone = await AloneAsync(number, key, cancellationToken);
        var journal = await ActionJournal.OpenAsync(workspace, number, key, action, Hash(input.GetRawText()), cancellationToken);
        var log = new ActionLog(workspace, config, manifest, known, key, caller);
        if (journal.Output is { } output)
        {
            await log.ReplayedAsync(cancellationToken);
            return new(output, Replayed: true);
        }

        await using var open = await workspace.OpenAsync(config, cancellationToken);
        if (open.Connection is not IRunActions actor)
            throw new ConnectorException(ConnectorErrorKind.Permanent, $"connector '{manifest.Id}' carries out no actions");
        await journal.BeginAsync(t => log.Sends(t, input, journal.IsRepeat));
        ActionResult result;
        try
        {
            var request = new ActionRequest(action, key, input) { IsRepeat = journal.IsRepeat, Steps = journal };
            result = await workspace.Supervisor.CallAsync(open.Supervised, $"action '{action}'", stop => actor.RunAsync(request, stop), cancellationToken);
        }
        catch (ConnectorException e) when (!e.MayHaveHappened && e.Kind is ConnectorErrorKind.Permanent or ConnectorErrorKind.Configuration or ConnectorErrorKind.BadRecord)
        {
            // Nothing was done: mended input may use the same key.
            await journal.ForgetAsync(t => log.Ended(t, "refused"));
            throw;
        }

        await journal.EndAsync(result.Output, t => log.Ended(t, "done"));
        return new(result.Output, Replayed: false);
    }

    /// <summary>Leases leave a file each, so keys share 256 of them.</summary>
    private async Task<IDisposable> AloneAsync(int connection, string key, CancellationToken cancellationToken)
    {
        var began = workspace.Time.GetTimestamp();
        IDisposable? lease;
        while ((lease = workspace.Store.TryLease($"action:{connection}/{Hash(key)[..2]}")) is null)
        {
            if (workspace.Time.GetElapsedTime(began) > LongestWait)
                throw new ActionConflictException("an action with this key is under way; ask again when it has ended", underWay: true);
            await Task.Delay(LookAgain, workspace.Time, cancellationToken);
        }

        return lease;
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];
}
