using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace IntegrationHub.Sdk.Tokens;

/// <summary>What a vendor gave in exchange for credentials.</summary>
/// <param name="Value">The token, session id or cookie.</param>
/// <param name="ExpiresAt">When it ends, or <c>null</c> when only a refusal tells.</param>
public sealed record AccessToken(string Value, DateTimeOffset? ExpiresAt)
{
    /// <summary>What to get the next one with, where the vendor hands that out.</summary>
    public string? RefreshToken { get; init; }

    /// <summary>Never shows the token.</summary>
    public override string ToString() => "AccessToken(…)";
}

/// <summary>How tokens of one connection are got.</summary>
public sealed record TokenBrokerOptions
{
    /// <summary>Everything the token depends on (account, application, secret). A token that was got for something else is not used.</summary>
    public required string Identity { get; init; }

    /// <summary>
    /// Gets a new token; handed the last one, whose refresh token may be single-use, or <c>null</c> at first. Called by one caller at a time over all nodes.
    /// The answer is durable before anybody uses it. A refresh token that the vendor does not hand out anew is carried over.
    /// </summary>
    public required Func<AccessToken?, CancellationToken, Task<AccessToken>> Renew { get; init; }

    /// <summary>Name of the token, for connections that need several.</summary>
    /// <value>Default <c>token</c>.</value>
    public string Name { get; init; } = "token";

    /// <summary>How long before its end a token is replaced.</summary>
    /// <value>Default 5 minutes.</value>
    public TimeSpan Margin { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long refused credentials are not tried again, because vendors lock accounts after several refusals. Changed settings are tried at once.</summary>
    /// <value>Default 10 minutes.</value>
    public TimeSpan PauseAfterRefusal { get; init; } = TimeSpan.FromMinutes(10);
}

/// <summary>
/// The one place that gets tokens for a connection. Runs, callbacks, actions and other nodes share its token; whoever meets a refused token asks for a
/// new one, and only the first of them goes to the vendor.
/// </summary>
public sealed class TokenBroker
{
    private readonly IConnectionVault _vault;
    private readonly TimeProvider _time;
    private readonly TokenBrokerOptions _options;
    private readonly string _identity;
    private AccessToken? _current;

    /// <summary>Creates a broker over the connection's vault.</summary>
    public TokenBroker(ConnectionContext context, TokenBrokerOptions options)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(options);
        _vault = context.Vault;
        _time = context.Time;
        _options = options;
        _identity = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(options.Identity)));
    }

    /// <summary>A token that is good as far as is known.</summary>
    /// <exception cref="ConnectorException">The vendor refused to give one.</exception>
    public async ValueTask<AccessToken> GetAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _current) is { } current && IsFresh(current))
            return current;
        return await RenewAsync(null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A token other than the refused one: what somebody else has got meanwhile, or a new one.</summary>
    /// <param name="refused">The token the vendor did not accept, or <c>null</c> when there was none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ConnectorException">The vendor refused to give one.</exception>
    public async ValueTask<AccessToken> RenewAsync(AccessToken? refused, CancellationToken cancellationToken)
    {
        using var alone = await _vault.LockAsync(_options.Name, cancellationToken).ConfigureAwait(false);
        var kept = await LoadAsync(cancellationToken).ConfigureAwait(false);
        if (kept.Token is { } token && token.Value != refused?.Value && IsFresh(token))
            return Use(token);
        if (kept.Refusal is { } refusal && kept.RefusedUntil > _time.GetUtcNow())
            throw new ConnectorException(ConnectorErrorKind.Configuration, $"{refusal} (not tried again before {kept.RefusedUntil:u} unless the settings change)");

        AccessToken renewed;
        try
        {
            renewed = await _options.Renew(kept.Token, cancellationToken).ConfigureAwait(false);
        }
        catch (ConnectorException e) when (e.Kind is ConnectorErrorKind.Configuration or ConnectorErrorKind.ReAuthenticate)
        {
            await SaveAsync(kept with { Refusal = e.Message, RefusedUntil = _time.GetUtcNow() + _options.PauseAfterRefusal }).ConfigureAwait(false);
            throw new ConnectorException(ConnectorErrorKind.Configuration, e.Message, e) { Code = e.Code };
        }

        renewed = renewed with { RefreshToken = renewed.RefreshToken ?? kept.Token?.RefreshToken };
        // Not cancelled: a single-use refresh token is spent by now.
        await SaveAsync(new(_identity) { Token = renewed }).ConfigureAwait(false);
        return Use(renewed);
    }

    private AccessToken Use(AccessToken token)
    {
        Volatile.Write(ref _current, token);
        return token;
    }

    private bool IsFresh(AccessToken token) => token.ExpiresAt is not { } end || end - _options.Margin > _time.GetUtcNow();

    private async ValueTask<Kept> LoadAsync(CancellationToken cancellationToken)
    {
        var json = await _vault.GetAsync(_options.Name, cancellationToken).ConfigureAwait(false);
        return json is not null && JsonSerializer.Deserialize<Kept>(json) is { } kept && kept.Identity == _identity ? kept : new(_identity);
    }

    private ValueTask SaveAsync(Kept kept) => _vault.SetAsync(_options.Name, JsonSerializer.Serialize(kept), CancellationToken.None);

    private sealed record Kept(string Identity)
    {
        public AccessToken? Token { get; init; }

        public string? Refusal { get; init; }

        public DateTimeOffset RefusedUntil { get; init; }
    }
}
