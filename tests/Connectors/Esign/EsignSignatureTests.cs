using System.Text;
using IntegrationHub.Connectors.Esign;

namespace IntegrationHub.Connectors.Tests.Esign;

/// <summary>Vectors computed with the logic of the vendor's Java helper and again independently.</summary>
public sealed class EsignSignatureTests
{
    private const string Secret = "f3b1d5c7e9a24b6c8d0e2f4a6b8c0d1e";

    [Theory]
    [InlineData("{}", "mZFLkyvTelC5g8XnyQrpOw==")]
    [InlineData("""{"name":"张某人","age":18}""", "jsmDBtOHeXhiozlzXsFtlg==")]
    [InlineData("", "")]
    public void Content_MD5_is_over_the_bytes(string body, string md5) => Assert.Equal(md5, EsignSignature.ContentMd5(Encoding.UTF8.GetBytes(body)));

    [Theory]
    [InlineData("dummysecret", "POST", "/v3/sign-flow/create-by-file", "", "uxydqKBMBy6x1siClKEQ6Q==", "6dYuzEqXUobDAEL97Ja5pvH3QWHpn4R5iJSWEvIsCo8=")]
    [InlineData("dummysecret", "GET", "/v3/sign-flow/abc123/detail", "", "", "xG4jw3vs+xusJ0x3XkIJBwxpTHHzEHqdMGOJ45Ry8Fk=")]
    [InlineData(Secret, "POST", "/v3/sign-flow/sign-flow-list", "", "V+XZpsSxdy+4Liexxhnurw==", "BJ4cUafL32MeZlf0qM25mD+q4gNQJGRkIhLo8nXqFZY=")]
    [InlineData(Secret, "GET", "/v3/doc-templates", "pageSize=20&pageNum=1", "", "MoEhDBYhbwGR6sRPqQdNJk34Z1tMNHHF8kDmYGTZcyk=")]
    [InlineData(Secret, "GET", "/v3/persons/identity-info", "psnAccount=13800000000", "", "+RE6A1uHwsxZPmiIOLah2kSEFaOTDu1HVR7tvTVTm4Y=")]
    public void Request_signature_equals_the_vendors(string secret, string method, string path, string query, string md5, string signature) =>
        Assert.Equal(signature, EsignSignature.Sign(secret, EsignSignature.SignedText(method, path, Query(query), md5)));

    [Fact]
    public void Content_MD5_of_a_list_request() =>
        Assert.Equal("V+XZpsSxdy+4Liexxhnurw==", EsignSignature.ContentMd5("""{"pageNum":1,"pageSize":100,"signFlowStatus":[2]}"""u8));

    [Theory]
    [InlineData("dummysecret", "1729489875363", "belong=pinjie&orderNo=001", """{"action":"SIGN_MISSON_COMPLETE","signFlowId":"x"}""", "3c736f140e22adf842c3c7d71dfd641e4f6c35c2109403b67ebb915d43a47e0c")]
    [InlineData(Secret, "1767225602345", "orderNo=SO-2026-0001&tenant=t1", """{"action":"SIGN_FLOW_COMPLETE","timestamp":1767225602000,"signFlowId":"0f1e2d3c4b5a69788796a5b4c3d2e1f0","signFlowTitle":"采购合同","signFlowStatus":"2","statusDescription":"完成"}""", "84a40e322637dbd23544a2cb8c5c4d65aef45a82bc556ec9746016c83cfbec90")]
    [InlineData(Secret, "1767225602999", "", """{"action":"OPERATOR_READ","signFlowId":"abc"}""", "50164babd994e320168a9bc16c6985155c776ce7fb43aac635af81ee70c29b6f")]
    public void Callback_signature_equals_the_vendors(string secret, string timestamp, string query, string body, string signature) =>
        Assert.Equal(signature, EsignSignature.SignCallback(secret, timestamp, Query(query), Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void Empty_and_repeated_parameters_are_signed_as_the_vendor_does() =>
        Assert.EndsWith("/p?a&b=1", EsignSignature.SignedText("GET", "/p", Query("b=1&a=&b=2"), ""), StringComparison.Ordinal);

    private static List<KeyValuePair<string, string>> Query(string query) =>
        [.. query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2)).Select(p => KeyValuePair.Create(p[0], p[1]))];
}
