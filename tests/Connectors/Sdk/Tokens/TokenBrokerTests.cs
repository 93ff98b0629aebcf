using System.Text.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Tokens;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace IntegrationHub.Connectors.Tests.Sdk.Tokens;

public sealed class TokenBrokerTests
{
    private readonly FakeTimeProvider _time = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly MemoryVault _vault = new();
    private int _renewals;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_at_once_get_one_token()
    {
        var (one, other) = (Broker(), Broker());
        var tokens = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => (i % 2 == 0 ? one : other).GetAsync(Cancelled).AsTask()));
        Assert.Single(tokens.Select(t => t.Value).Distinct());
        Assert.Equal(1, _renewals);
    }

    [Fact]
    public async Task Token_that_somebody_has_renewed_already_is_not_renewed_again()
    {
        var (one, other) = (Broker(), Broker());
        var old = await one.GetAsync(Cancelled);
        await other.GetAsync(Cancelled);
        var renewed = await one.RenewAsync(old, Cancelled);
        Assert.Equal(renewed.Value, (await other.RenewAsync(old, Cancelled)).Value);
        Assert.Equal(2, _renewals);
    }

    [Fact]
    public async Task Token_near_its_end_is_replaced()
    {
        var broker = Broker();
        await broker.GetAsync(Cancelled);
        _time.Advance(TimeSpan.FromMinutes(56));
        Assert.Equal("token-2", (await broker.GetAsync(Cancelled)).Value);
    }

    [Fact]
    public async Task Single_use_refresh_token_is_handed_on_and_survives_a_restart()
    {
        var handed = new List<string?>();
        Task<AccessToken> Renew(AccessToken? last, CancellationToken _)
        {
            handed.Add(last?.RefreshToken);
            return Task.FromResult(new AccessToken($"t{handed.Count}", _time.GetUtcNow().AddHours(1)) { RefreshToken = $"r{handed.Count}" });
        }

        var token = await Broker(Renew).GetAsync(Cancelled);
        token = await Broker(Renew).RenewAsync(token, Cancelled);
        await Broker(Renew).RenewAsync(token, Cancelled);
        Assert.Equal([null, "r1", "r2"], handed);
    }

    [Fact]
    public async Task Token_got_with_other_credentials_is_not_used()
    {
        await Broker().GetAsync(Cancelled);
        Assert.Equal("token-2", (await Broker(identity: "mended secret").GetAsync(Cancelled)).Value);
    }

    [Fact]
    public async Task Refused_credentials_are_not_hammered_until_they_change()
    {
        Task<AccessToken> Refuse(AccessToken? _, CancellationToken __)
        {
            _renewals++;
            throw new ConnectorException(ConnectorErrorKind.Configuration, "wrong secret");
        }

        for (var i = 0; i < 5; i++)
            Assert.Contains("wrong secret", (await Assert.ThrowsAsync<ConnectorException>(() => Broker(Refuse).GetAsync(Cancelled).AsTask())).Message, StringComparison.Ordinal);
        Assert.Equal(1, _renewals);

        await Assert.ThrowsAsync<ConnectorException>(() => Broker(Refuse, "mended").GetAsync(Cancelled).AsTask());
        _time.Advance(TimeSpan.FromMinutes(11));
        await Assert.ThrowsAsync<ConnectorException>(() => Broker(Refuse, "mended").GetAsync(Cancelled).AsTask());
        Assert.Equal(3, _renewals);
    }

    private TokenBroker Broker(Func<AccessToken?, CancellationToken, Task<AccessToken>>? renew = null, string identity = "account") => new(
        new ConnectionContext
        {
            Name = "test",
            Settings = JsonDocument.Parse("{}").RootElement,
            CreateHttpClient = () => new(),
            ContentRoot = ".",
            Log = NullLogger.Instance,
            Time = _time,
            Vault = _vault,
        },
        new()
        {
            Identity = identity,
            Renew = renew ?? (async (_, cancel) =>
            {
                await Task.Yield();
                return new($"token-{Interlocked.Increment(ref _renewals)}", _time.GetUtcNow().AddHours(1));
            }),
        });
}
