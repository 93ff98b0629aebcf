using IntegrationHub.Delivery;
using IntegrationHub.Delivery.Webhooks;
using IntegrationHub.Yaml;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Tests.Delivery.Webhooks;

public class WebhookOptionsTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [Fact]
    public void Read_what_must_be_there_the_rest_has_defaults()
    {
        var options = Valid("""
            url: https://app.example:8443/hooks/hub?token=1
            secrets: [ "${secret:app}" ]
            """);
        Assert.Equal(("webhook", "app.example:8443/hooks/hub"), (options.Kind, options.Target));
        Assert.Equal((WebhookMode.Structured, 1, 16, TimeSpan.FromSeconds(15)), (options.Mode, options.Batch, options.Concurrency, options.Timeout));
        Assert.Equal(["${secret:app}"], options.Secrets);
        Assert.Empty(options.Headers);
    }

    [Fact]
    public void Target_what_may_let_a_caller_in_is_not_shown()
    {
        var options = Valid("""{"url":"https://chat.example/services/T0001/B0002/kZ8x2mQ4vN7pL1sR9tW3yU6a?key=1","secrets":["${env:X}"]}""");
        Assert.Equal("chat.example/services/T0001/B0002/***", options.Target);
    }

    [Fact]
    public void Read_everything_also_as_JSON()
    {
        var options = Valid("""{"url":"https://app.example/","secrets":["${secret:new}","${env:OLD}"],"mode":"batch","batch":50,"concurrency":4,"timeoutSeconds":30,"headers":{"Authorization":"Bearer ${file:token}","X-Tenant":"acme"}}""");
        Assert.Equal((WebhookMode.Batch, 50, 4, TimeSpan.FromSeconds(30)), (options.Mode, options.Batch, options.Concurrency, options.Timeout));
        Assert.Equal([new("Authorization", "Bearer ${file:token}"), new("X-Tenant", "acme")], options.Headers);
        Assert.Equal(100, Valid("{url: 'https://app.example/', secrets: ['${env:X}'], mode: batch}").Batch);
    }

    [Fact]
    public void Read_everything_wrong_every_fault_is_told_and_no_secret_repeated()
    {
        var (options, faults) = Read("""
            url: ftp://user:secret-in-url@app.example/
            secrets: [ whsec_in-the-file, 2 ]
            mode: Structured
            batch: 5
            concurrency: 0
            timeoutSeconds: 301
            headers:
              webhook-id: x
              Content-Type: x
              Host: x
              Authorization: Bearer in-the-file
              X-Api-Key: in-the-file
              "bad name": x
              X-Line: "a\nb"
              X-List: [ a ]
            retries: 3
            """);
        Assert.Null(options);
        Assert.Equal(
            """
            t.yaml:1:6: url: expected an address such as https://app.example/hooks
            t.yaml:2:10: secrets: a secret is given by reference: ${secret:NAME} (set with 'hub secrets set NAME'), ${env:NAME} or ${file:PATH}
            t.yaml:2:10: secrets: a secret is given by reference: ${secret:NAME} (set with 'hub secrets set NAME'), ${env:NAME} or ${file:PATH}
            t.yaml:3:7: 'mode': 'Structured' is not one of structured, binary, batch; did you mean 'structured'?
            t.yaml:4:8: batch: only with 'mode: batch'
            t.yaml:8:15: headers: 'webhook-id' is set by the hub or belongs to the connection
            t.yaml:9:17: headers: 'Content-Type' is set by the hub or belongs to the connection
            t.yaml:10:9: headers: 'Host' is set by the hub or belongs to the connection
            t.yaml:11:18: headers: 'Authorization': a secret is given by reference: ${secret:NAME}, ${env:NAME} or ${file:PATH}
            t.yaml:12:14: headers: 'X-Api-Key': a secret is given by reference: ${secret:NAME}, ${env:NAME} or ${file:PATH}
            t.yaml:13:15: headers: 'bad name' cannot be the name of a header
            t.yaml:14:11: headers: 'X-Line': expected a text of printable ASCII characters
            t.yaml:15:11: headers: 'X-List': expected a text of printable ASCII characters
            t.yaml:5:14: concurrency: expected a whole number from 1 to 256, found '0'
            t.yaml:6:17: timeoutSeconds: expected a whole number from 1 to 300, found '301'
            t.yaml:16:1: unknown 'retries' in webhook; known are batch, concurrency, headers, mode, secrets, timeoutSeconds, url
            """,
            string.Join("\n", faults));
    }

    [Theory]
    [InlineData("url: 'https://user:pass@app.example/'", "credentials in an address")]
    [InlineData("url: 'https://app.example/#part'", "what stands behind #")]
    [InlineData("url: hooks", "expected an address")]
    [InlineData("url: 'file:///etc/passwd'", "expected an address")]
    [InlineData("{}", "webhook needs 'url:'")]
    [InlineData("{url: 'https://app.example/'}", "webhook needs 'secrets:'")]
    [InlineData("{url: 'https://app.example/', secrets: []}", "expected 1 to 5 references")]
    [InlineData("{url: 'https://app.example/', secrets: ['${env:A}'], headers: {X-A: a, x-a: b}}", "'X-A' is given more than once")]
    public void Read_a_fault_is_told(string yaml, string fault)
    {
        var (_, faults) = Read(yaml);
        Assert.Contains(faults, f => f.Message.Contains(fault, StringComparison.Ordinal));
    }

    [Fact]
    public async Task OpenAsync_http_is_for_destinations_inside()
    {
        var options = Valid("{url: 'http://app.example/hooks?token=1', secrets: ['${env:X}']}");
        var refused = await Assert.ThrowsAsync<SinkException>(async () => await options.OpenAsync(Context(Secret), TestContext.Current.CancellationToken));
        Assert.Equal("url: app.example/hooks is not listed in 'delivery: allowInside' of hub.yaml, and http is for destinations inside only; use https", refused.Message);
        await using var sink = await options.OpenAsync(Context(Secret, "app.example"), TestContext.Current.CancellationToken);
        Assert.Equal((16, 1), (sink.Concurrency, sink.BatchSize));
    }

    [Fact]
    public async Task OpenAsync_an_unusable_secret_is_named_by_its_reference_only()
    {
        var options = Valid("{url: 'https://app.example/', secrets: ['${secret:app}']}");
        var refused = await Assert.ThrowsAsync<SinkException>(async () => await options.OpenAsync(Context("not-a-signing-secret"), TestContext.Current.CancellationToken));
        Assert.StartsWith("secrets: ${secret:app} leads to no signing secret", refused.Message);
        Assert.DoesNotContain("not-a-signing-secret", refused.Message);
    }

    [Fact]
    public async Task OpenAsync_a_header_that_would_split_the_request_is_refused()
    {
        var options = Valid("{url: 'https://app.example/', secrets: ['${secret:app}'], headers: {X-Tenant: '${env:TENANT}'}}");
        var refused = await Assert.ThrowsAsync<SinkException>(async () => await options.OpenAsync(Context("a\r\nwebhook-id: 1"), TestContext.Current.CancellationToken));
        Assert.Equal("headers: 'X-Tenant': ${env:TENANT} leads to a text that cannot be the value of a header", refused.Message);
    }

    private static SinkContext Context(string secret, params string[] inside) =>
        new((_, _) => ValueTask.FromResult(secret), new() { AllowInside = inside }, TimeProvider.System, NullLogger.Instance);

    private static WebhookOptions Valid(string yaml)
    {
        var (options, faults) = Read(yaml);
        Assert.Empty(faults);
        return options!;
    }

    private static (WebhookOptions? Options, IReadOnlyList<Diagnostic> Faults) Read(string yaml)
    {
        var diagnostics = new Diagnostics("t.yaml");
        var section = YamlSection.Over(YamlNode.Parse(yaml, diagnostics), "webhook", diagnostics)!;
        return (WebhookOptions.Read(section, diagnostics), diagnostics.All);
    }
}
