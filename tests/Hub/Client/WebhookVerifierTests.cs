using System.Text;
using IntegrationHub.Client;
using IntegrationHub.Delivery.Webhooks;
using IntegrationHub.Tests.Delivery.Webhooks;
using Microsoft.Extensions.Time.Testing;
using NSec.Cryptography;

namespace IntegrationHub.Tests.Client;

public class WebhookVerifierTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string OtherSecret = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    private const string PrivateKey = "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=";

    private static readonly byte[] Change = Encoding.UTF8.GetBytes("""{"sequence":7,"id":"customer-1","entity":"customer","kind":"updated","at":"2026-01-02T03:04:05.678Z","fields":{"name":{"after":"深圳"}}}""");

    [Theory]
    [InlineData(WebhookMode.Structured)]
    [InlineData(WebhookMode.Binary)]
    [InlineData(WebhookMode.Batch)]
    public async Task Verify_what_the_hub_sends_is_genuine_and_read(WebhookMode mode)
    {
        var (headers, body) = await SentAsync(mode, Secret);
        var delivery = Verifier([OtherSecret, Secret]).Verify(headers.GetValueOrDefault, body);
        Assert.Equal((headers["webhook-id"], WebhookMessageTests.Now), (delivery.Id, delivery.SentAt));
        var read = Assert.Single(delivery.Events);
        Assert.Equal(("chg_7", "/workspaces/acme", "hub.customer.updated", "深 \"%\""), (read.Id, read.Source, read.Type, read.Subject));
        Assert.Equal((7, 6, true, WebhookMessageTests.Now.AddMilliseconds(678)), (read.Sequence, read.Previous, read.IsReplay, read.Time));
        Assert.Equal(("customer-1", "深圳"), (read.Change.Id, read.Change.Fields["name"].After!.Value.GetString()));
    }

    [Fact]
    public void Verify_the_published_vector_is_signed_though_no_event()
    {
        var headers = new Dictionary<string, string?>
        {
            ["webhook-id"] = "msg_p5jXN8AQM9LWM0D4loKWxJek",
            ["webhook-timestamp"] = "1614265330",
            ["webhook-signature"] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ["Content-Type"] = "application/json",
        };
        var verifier = new WebhookVerifier([Secret], new() { Time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(1614265330)) });
        Assert.Equal("the body is no CloudEvent of version 1.0", Fault(verifier, headers, """{"test": 2432232314}"""u8.ToArray()));
        headers["webhook-signature"] = "v1,h0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        Assert.Equal("no signature is by one of the keys", Fault(verifier, headers, """{"test": 2432232314}"""u8.ToArray()));
    }

    [Fact]
    public async Task Verify_an_Ed25519_signature_by_the_public_key()
    {
        var (headers, body) = await SentAsync(WebhookMode.Structured, OtherSecret, PrivateKey);
        using var key = Key.Import(SignatureAlgorithm.Ed25519, Convert.FromBase64String(PrivateKey["whsk_".Length..]), KeyBlobFormat.RawPrivateKey);
        var verifier = Verifier(["whpk_" + Convert.ToBase64String(key.PublicKey.Export(KeyBlobFormat.RawPublicKey))]);
        Assert.Equal("chg_7", verifier.Verify(headers.GetValueOrDefault, body).Id);
        body[^2] ^= 1;
        Assert.Equal("no signature is by one of the keys", Fault(verifier, headers, body));
    }

    [Theory]
    [InlineData("webhook-id", null, "the header 'webhook-id' is missing")]
    [InlineData("webhook-timestamp", null, "the header 'webhook-timestamp' is missing")]
    [InlineData("webhook-signature", "", "the header 'webhook-signature' is missing")]
    [InlineData("webhook-id", "chg_8", "no signature is by one of the keys")]
    [InlineData("webhook-timestamp", "1767323046", "no signature is by one of the keys")]
    [InlineData("webhook-timestamp", "1767322744", "'webhook-timestamp' is too far from the present; is this machine's clock right?")]
    [InlineData("webhook-timestamp", "1767323346", "'webhook-timestamp' is too far from the present; is this machine's clock right?")]
    [InlineData("webhook-timestamp", "99999999999999999", "'webhook-timestamp' is no time")]
    [InlineData("webhook-timestamp", "soon", "'webhook-timestamp' is no time")]
    [InlineData("webhook-signature", "v1,", "no signature is by one of the keys")]
    [InlineData("webhook-signature", "v1", "no signature is by one of the keys")]
    [InlineData("webhook-signature", "v1,***", "no signature is by one of the keys")]
    [InlineData("webhook-signature", "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "no signature is by one of the keys")]
    public async Task Verify_anything_else_is_refused(string header, string? value, string fault)
    {
        var (headers, body) = await SentAsync(WebhookMode.Structured, Secret);
        headers[header] = value;
        Assert.Equal(fault, Fault(Verifier([Secret]), headers, body));
    }

    [Fact]
    public async Task Verify_attributes_in_headers_that_are_not_of_the_signed_event_are_refused()
    {
        var (headers, body) = await SentAsync(WebhookMode.Binary, Secret);
        headers["ce-id"] = "chg_8";
        Assert.Equal("'webhook-id' is not the id of the event", Fault(Verifier([Secret]), headers, body));
    }

    [Theory]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsec_dG9vIHNob3J0")]
    [InlineData("whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=")]
    [InlineData("whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    public void A_text_that_is_no_key_is_refused_and_not_repeated(string key) =>
        Assert.DoesNotContain(key[6..], Assert.Throws<ArgumentException>(() => Verifier([key])).Message);

    [Fact]
    public void A_public_key_needs_a_library()
    {
        Assert.Contains("Ed25519", Assert.Throws<ArgumentException>(() => new WebhookVerifier(["whpk_" + Convert.ToBase64String(new byte[32])])).Message);
        Assert.Throws<ArgumentException>(() => new WebhookVerifier([]));
    }

    private static WebhookVerifier Verifier(string[] keys) => new(keys, new()
    {
        Time = new FakeTimeProvider(WebhookMessageTests.Now),
        Ed25519 = (publicKey, content, signature) => SignatureAlgorithm.Ed25519.Verify(NSec.Cryptography.PublicKey.Import(SignatureAlgorithm.Ed25519, publicKey, KeyBlobFormat.RawPublicKey), content, signature),
    });

    private static string Fault(WebhookVerifier verifier, Dictionary<string, string?> headers, byte[] body) =>
        Assert.Throws<WebhookException>(() => verifier.Verify(headers.GetValueOrDefault, body)).Message;

    private static async Task<(Dictionary<string, string?> Headers, byte[] Body)> SentAsync(WebhookMode mode, params string[] secrets)
    {
        var parsed = secrets.Select(s => WebhookSecret.Parse(s)!).ToList();
        using var message = new WebhookMessage(parsed);
        using var request = message.Write(mode, new("https://app.example/"), [WebhookMessageTests.Event(7) with { Data = Change, IsReplay = true }], WebhookMessageTests.Now);
        var headers = request.Headers.Concat(request.Content!.Headers).ToDictionary(h => h.Key, h => (string?)h.Value.Single(), StringComparer.OrdinalIgnoreCase);
        var body = await request.Content!.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        parsed.ForEach(s => s.Dispose());
        return (headers, body);
    }
}
