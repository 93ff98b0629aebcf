using IntegrationHub.Connectors.Kingdee;

namespace IntegrationHub.Connectors.Tests.Kingdee;

/// <summary>The vector was produced with the header builder of the official Java SDK 8.2.0.</summary>
public sealed class KingdeeSignatureTests
{
    private const string AppId = "210001_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY";
    private const string AppSecret = "3f1b5c7d9e8a4b2c6d0e1f2a3b4c5d6e";
    private const string Path = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.ExecuteBillQuery.common.kdsvc";

    private static readonly KingdeeOptions Options = new() { AcctId = "65f0c1d2a3b4c5", User = "demo", AppId = AppId, AppSecret = AppSecret };

    [Fact]
    public void Client_secret_is_unveiled() => Assert.Equal("MTI2MGM1Pj9qPDk/OT04KHMiKnd0IXMr", KingdeeSignature.ClientSecret(AppId));

    [Fact]
    public void Signed_text_encodes_the_path() => Assert.Equal(
        "POST\n%2Fk3cloud%2FKingdee.BOS.WebApi.ServicesStub.DynamicFormService.ExecuteBillQuery.common.kdsvc\n\nx-api-nonce:1795350467174\nx-api-timestamp:1795350467174\n",
        KingdeeSignature.SignedText(Path, "1795350467174"));

    [Theory]
    [InlineData("X-Api-ClientID", "210001")]
    [InlineData("X-Api-Signature", "NzlhY2YyMzUzNTE5NGIyZmU3NGZjNGU0YThiNGM1YjQ1NTdlMWExNjVhY2IwMTE0NjA3OWZlYjRmYTVkNzc2OA==")]
    [InlineData("X-Kd-Appdata", "NjVmMGMxZDJhM2I0YzUsZGVtbywyMDUyLDA=")]
    [InlineData("X-Kd-Signature", "MzM1Y2ExNTkyODNmMTA3YjY1YjkwZWNkYWI0OWIzYzJjZTRmYjhmY2IxMmIwMzNjMjFkNjVjMGEyOTA5MWI2MA==")]
    public void Headers_equal_those_of_the_official_SDK(string name, string value) =>
        Assert.Equal(value, KingdeeSignature.Headers(Options, Path, "1795350467174").Single(h => h.Key == name).Value);

    [Fact]
    public void Login_sign_sorts_its_parts_ordinally() => Assert.Equal(
        "b37b8c598454f49ed87974bc843ac85f31a1a69bbc5124dd775599ae82b36c4b",
        KingdeeSignature.LoginSign("65f0c1d2a3b4c5", "demo", AppId, AppSecret, "1767225600"));
}
