using System.Text;
using System.Text.Json;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.Http;
using CloudNative.CloudEvents.SystemTextJson;
using IntegrationHub.Delivery;
using IntegrationHub.Delivery.Webhooks;

namespace IntegrationHub.Tests.Delivery.Webhooks;

public class WebhookMessageTests
{
    private static readonly JsonEventFormatter Reader = new();

    private static readonly CloudEventAttribute[] Extensions =
    [
        .. new[] { "sequence", "previous", "partitionkey", "replay" }.Select(n => CloudEventAttribute.CreateExtension(n, CloudEventAttributeType.String)),
    ];

    [Theory]
    [InlineData(WebhookMode.Structured)]
    [InlineData(WebhookMode.Binary)]
    [InlineData(WebhookMode.Batch)]
    public async Task Write_another_reader_of_CloudEvents_finds_everything(WebhookMode mode)
    {
        var sent = Event(7) with { IsReplay = true };
        using var message = new WebhookMessage([]);
        using var request = message.Write(mode, new("https://app.example/"), [sent], Now);
        CloudEvent read;
        if (mode == WebhookMode.Batch)
        {
            Assert.True(request.IsCloudEventBatch());
            read = Assert.Single(await request.ToCloudEventBatchAsync(Reader, Extensions));
        }
        else
        {
            Assert.True(request.IsCloudEvent());
            read = await request.ToCloudEventAsync(Reader, Extensions);
        }

        Assert.True(read.IsValid);
        Assert.Equal(CloudEventsSpecVersion.V1_0, read.SpecVersion);
        Assert.Equal((sent.Id, sent.Source, sent.Type, sent.Subject, sent.Time), (read.Id, read.Source!.ToString(), read.Type, read.Subject, read.Time));
        Assert.Equal("application/json", read.DataContentType);
        Assert.Equal("00000000000000000007", read["sequence"]);
        Assert.Equal("00000000000000000006", read["previous"]);
        Assert.Equal((sent.Subject, "true"), (read["partitionkey"], read["replay"]));
        Assert.Equal("深圳 \"Ltd\" 100%", Assert.IsType<JsonElement>(read.Data).GetProperty("name").GetString());
        Assert.Equal(mode switch { WebhookMode.Binary => "application/json", WebhookMode.Batch => "application/cloudevents-batch+json", _ => "application/cloudevents+json" },
            request.Content!.Headers.ContentType!.ToString());
    }

    [Fact]
    public async Task Write_in_binary_mode_the_body_is_the_data_to_the_byte()
    {
        using var message = new WebhookMessage([]);
        using var request = message.Write(WebhookMode.Binary, new("https://app.example/"), [Event(1)], Now);
        Assert.Equal(Event(1).Data.ToArray(), await request.Content!.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal("%E6%B7%B1%20%22%25%22", request.Headers.GetValues("ce-subject").Single());
    }

    [Fact]
    public async Task Write_a_batch_keeps_the_order_and_is_known_again()
    {
        var events = Enumerable.Range(1, 5).Select(i => Event(i)).ToList();
        using var message = new WebhookMessage([]);
        using var first = message.Write(WebhookMode.Batch, new("https://app.example/"), events, Now);
        var read = await first.ToCloudEventBatchAsync(Reader, Extensions);
        Assert.Equal(events.Select(e => e.Id), read.Select(e => e.Id));
        var id = first.Headers.GetValues("webhook-id").Single();

        using var again = message.Write(WebhookMode.Batch, new("https://app.example/"), [.. events.Select(e => e with { IsReplay = true })], Now.AddDays(1));
        Assert.Equal(id, again.Headers.GetValues("webhook-id").Single());
        using var shorter = message.Write(WebhookMode.Batch, new("https://app.example/"), events[..4], Now);
        Assert.NotEqual(id, shorter.Headers.GetValues("webhook-id").Single());
    }

    [Fact]
    public async Task Write_signs_id_time_of_the_attempt_and_body_with_every_secret()
    {
        using var one = WebhookSecret.Parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")!;
        using var two = WebhookSecret.Parse("whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=")!;
        using var message = new WebhookMessage([one, two]);
        using var first = one.Signer();
        using var second = two.Signer();
        for (var attempt = 0; attempt < 2; attempt++)
        {
            using var request = message.Write(WebhookMode.Structured, new("https://app.example/"), [Event(3)], Now.AddSeconds(attempt));
            var timestamp = (1_767_323_045 + attempt).ToString();
            Assert.Equal(("chg_3", timestamp), (request.Headers.GetValues("webhook-id").Single(), request.Headers.GetValues("webhook-timestamp").Single()));
            var content = Encoding.UTF8.GetBytes($"chg_3.{timestamp}.{await request.Content!.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
            var (v1, v1a) = (new char[first.Length], new char[second.Length]);
            first.Sign(content, v1);
            second.Sign(content, v1a);
            Assert.Equal($"{new string(v1)} {new string(v1a)}", request.Headers.GetValues("webhook-signature").Single());
        }
    }

    [Theory]
    [InlineData("customer-1", "customer-1")]
    [InlineData("", "")]
    [InlineData("a b", "a%20b")]
    [InlineData("\"%\"", "%22%25%22")]
    [InlineData("€", "%E2%82%AC")]
    [InlineData("😀", "%F0%9F%98%80")]
    [InlineData("a\r\nb", "a%0D%0Ab")]
    [InlineData("\u007f", "%7F")]
    [InlineData("/~!", "/~!")]
    public void HeaderValue_follows_the_HTTP_binding(string value, string encoded) => Assert.Equal(encoded, WebhookMessage.HeaderValue(value));

    internal static DateTimeOffset Now { get; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    internal static OutboundEvent Event(long sequence) => new()
    {
        Id = $"chg_{sequence}",
        Source = "/workspaces/acme",
        Type = "hub.customer.updated",
        Subject = "深 \"%\"",
        Time = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero),
        Sequence = sequence,
        Previous = sequence - 1,
        Data = Encoding.UTF8.GetBytes("""{"name":"深圳 \"Ltd\" 100%","amount":12345678901234567890.10}"""),
    };
}
