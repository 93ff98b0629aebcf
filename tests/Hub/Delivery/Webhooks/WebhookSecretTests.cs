using System.Text;
using IntegrationHub.Delivery.Webhooks;
using NSec.Cryptography;

namespace IntegrationHub.Tests.Delivery.Webhooks;

public class WebhookSecretTests
{
    // The vectors of the specification's reference libraries.
    private const string Content = """msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}""";

    [Theory]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")]
    [InlineData("whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=", "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==")]
    public void Signer_of_the_published_content_gives_the_published_signature(string secret, string signature)
    {
        using var parsed = WebhookSecret.Parse(secret)!;
        using var signer = parsed.Signer();
        for (var i = 0; i < 3; i++)
        {
            var written = new char[signer.Length];
            signer.Sign(Encoding.UTF8.GetBytes(Content), written);
            Assert.Equal(signature, new string(written));
        }
    }

    [Fact]
    public void Parse_an_Ed25519_key_with_its_public_half_is_the_seed()
    {
        var seed = Convert.FromBase64String("VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=");
        using var key = Key.Import(SignatureAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey);
        var half = key.PublicKey.Export(KeyBlobFormat.RawPublicKey);
        using (var whole = WebhookSecret.Parse("whsk_" + Convert.ToBase64String([.. seed, .. half])))
            Assert.NotNull(whole);
        half[0] ^= 1;
        Assert.Null(WebhookSecret.Parse("whsk_" + Convert.ToBase64String([.. seed, .. half])));
    }

    [Theory]
    [InlineData("")]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsec_")]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa")]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS")]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS-")]
    [InlineData("whpk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=")]
    [InlineData("whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    public void Parse_anything_else_is_no_secret(string text) => Assert.Null(WebhookSecret.Parse(text));

    [Fact]
    public void Parse_a_secret_of_more_than_64_bytes_is_none()
    {
        using var longest = WebhookSecret.Parse("whsec_" + Convert.ToBase64String(new byte[64]));
        Assert.NotNull(longest);
        Assert.Null(WebhookSecret.Parse("whsec_" + Convert.ToBase64String(new byte[65])));
        Assert.Null(WebhookSecret.Parse("whsec_" + Convert.ToBase64String(new byte[300])));
    }
}
