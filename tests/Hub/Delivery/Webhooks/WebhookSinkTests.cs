using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using IntegrationHub.Delivery;
using IntegrationHub.Delivery.Webhooks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using static IntegrationHub.Tests.Delivery.Webhooks.RawReceiver;
using static IntegrationHub.Tests.Delivery.Webhooks.WebhookMessageTests;

namespace IntegrationHub.Tests.Delivery.Webhooks;

public class WebhookSinkTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(WebhookMode.Structured)]
    [InlineData(WebhookMode.Binary)]
    [InlineData(WebhookMode.Batch)]
    public async Task SendAsync_a_success_is_delivered_and_signed_over_what_arrives(WebhookMode mode)
    {
        await using var receiver = await WebhookReceiver.StartAsync(Status(202));
        await using var sink = await OpenAsync(receiver.Url, o => o with { Mode = mode, Batch = mode == WebhookMode.Batch ? 2 : 1, Headers = [new("X-Tenant", "acme")] });
        IReadOnlyList<OutboundEvent> events = mode == WebhookMode.Batch ? [Event(1), Event(2)] : [Event(1)];
        Assert.Equal(SendResult.Delivered, await sink.SendAsync(events, Cancel));

        var received = Assert.Single(receiver.Received);
        Assert.Equal(("POST", "/hooks", "acme", "integration-hub"), (received.Method, received.Path, received.Headers["X-Tenant"], received.Headers["User-Agent"]));
        Assert.Equal(received.Body.Length.ToString(), received.Headers["Content-Length"]);
        // As the specification says it, without our code.
        var content = Encoding.UTF8.GetBytes($"{received.Headers["webhook-id"]}.{received.Headers["webhook-timestamp"]}.").Concat(received.Body).ToArray();
        Assert.Equal("v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(Secret["whsec_".Length..]), content)), received.Headers["webhook-signature"]);
        Assert.Equal(Now.ToUnixTimeSeconds().ToString(), received.Headers["webhook-timestamp"]);
        Assert.DoesNotContain(received.Headers.Keys, h => h is "traceparent" or "Accept-Encoding" or "Cookie");
    }

    [Fact]
    public async Task SendAsync_cookies_are_not_kept()
    {
        await using var receiver = await WebhookReceiver.StartAsync(http =>
        {
            http.Response.Headers.SetCookie = "session=1";
            return Task.CompletedTask;
        });
        await using var sink = await OpenAsync(receiver.Url);
        await sink.SendAsync([Event(1)], Cancel);
        await sink.SendAsync([Event(2)], Cancel);
        Assert.All(receiver.Received, r => Assert.DoesNotContain("Cookie", r.Headers.Keys));
        Assert.Equal(2, receiver.Received.Count);
    }

    [Theory]
    [InlineData(400, SendOutcome.Failed)]
    [InlineData(401, SendOutcome.Failed)]
    [InlineData(404, SendOutcome.Failed)]
    [InlineData(410, SendOutcome.Gone)]
    [InlineData(429, SendOutcome.Failed)]
    [InlineData(500, SendOutcome.Failed)]
    [InlineData(503, SendOutcome.Failed)]
    [InlineData(304, SendOutcome.Failed)]
    public async Task SendAsync_what_is_no_success_says_the_status_and_nothing_of_the_answer(int status, SendOutcome outcome)
    {
        await using var receiver = await WebhookReceiver.StartAsync(async http =>
        {
            http.Response.StatusCode = status;
            http.Response.Headers["X-Private"] = "private";
            if (status != 304)
                await http.Response.WriteAsync("private answer");
        });
        await using var sink = await OpenAsync(receiver.Url);
        var sent = await sink.SendAsync([Event(1)], Cancel);
        Assert.Equal((outcome, null), (sent.Outcome, sent.RetryAfter));
        Assert.StartsWith($"127.0.0.1:{receiver.Url.Port}/hooks answered {status}", sent.Reason);
        Assert.DoesNotContain("private", sent.Reason);
        Assert.DoesNotContain(Secret, sent.Reason);
    }

    [Theory]
    [InlineData(429, "120", 120)]
    [InlineData(503, "Fri, 02 Jan 2026 03:05:05 GMT", 60)]
    [InlineData(500, "1", 1)]
    [InlineData(429, "9999999", 86_400)]
    [InlineData(429, "99999999999999999999", 86_400)]
    [InlineData(503, "Sat, 02 Jan 2100 03:05:05 GMT", 86_400)]
    [InlineData(503, "Fri, 02 Jan 2026 03:04:04 GMT", null)]
    [InlineData(429, "0", null)]
    [InlineData(429, "-5", null)]
    [InlineData(429, "soon", null)]
    public async Task SendAsync_Retry_After_is_honoured_in_both_forms_and_bounded(int status, string after, int? seconds)
    {
        await using var receiver = await WebhookReceiver.StartAsync(http =>
        {
            http.Response.StatusCode = status;
            http.Response.Headers.RetryAfter = after;
            return Task.CompletedTask;
        });
        await using var sink = await OpenAsync(receiver.Url);
        var sent = await sink.SendAsync([Event(1)], Cancel);
        Assert.Equal((SendOutcome.Failed, seconds is { } s ? TimeSpan.FromSeconds(s) : null), (sent.Outcome, sent.RetryAfter));
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task SendAsync_a_redirect_is_never_followed(int status)
    {
        await using var elsewhere = await WebhookReceiver.StartAsync(Status(200));
        foreach (var location in new[] { elsewhere.Url.ToString(), "http://169.254.169.254/latest/meta-data/" })
        {
            await using var receiver = await WebhookReceiver.StartAsync(http =>
            {
                http.Response.StatusCode = status;
                http.Response.Headers.Location = location;
                return Task.CompletedTask;
            });
            await using var sink = await OpenAsync(receiver.Url);
            var sent = await sink.SendAsync([Event(1)], Cancel);
            Assert.Equal(SendOutcome.Failed, sent.Outcome);
            Assert.EndsWith($"answered {status}: redirects are not followed; set the address it moved to as 'url' of the subscription", sent.Reason);
            Assert.DoesNotContain("169.254", sent.Reason);
            Assert.Single(receiver.Received);
        }

        Assert.Empty(elsewhere.Received);
    }

    [Fact]
    public async Task SendAsync_a_name_that_leads_elsewhere_later_is_refused_later()
    {
        await using var receiver = await WebhookReceiver.StartAsync(http =>
        {
            http.Response.Headers.Connection = "close";
            return Task.CompletedTask;
        });
        var lookups = 0;
        await using var sink = await OpenAsync(new($"http://rebinding.invalid:{receiver.Url.Port}/hooks"), inside: "127.0.0.0/8", resolve: (_, _) =>
            Task.FromResult(new[] { IPAddress.Parse(lookups++ == 0 ? "127.0.0.1" : "169.254.169.254") }));
        Assert.Equal(SendOutcome.Delivered, (await sink.SendAsync([Event(1)], Cancel)).Outcome);
        Assert.Equal((1, "rebinding.invalid:" + receiver.Url.Port), (lookups, receiver.Received.Single().Headers["Host"]));

        var sent = await sink.SendAsync([Event(2)], Cancel);
        Assert.Equal(SendOutcome.Failed, sent.Outcome);
        Assert.Contains("rebinding.invalid leads to 169.254.169.254, a link-local or metadata address; list its network in 'delivery: allowInside'", sent.Reason);
        Assert.Single(receiver.Received);
    }

    [Theory]
    [InlineData("https://169.254.169.254/latest")]
    [InlineData("https://2852039166/latest")]
    [InlineData("https://[::ffff:a9fe:a9fe]/")]
    [InlineData("https://localhost/")]
    [InlineData("https://10.0.0.1/")]
    public async Task SendAsync_a_destination_inside_that_nobody_listed_is_refused(string url)
    {
        await using var sink = await OpenAsync(new(url), inside: "192.168.7.7");
        var sent = await sink.SendAsync([Event(1)], Cancel);
        Assert.Equal(SendOutcome.Failed, sent.Outcome);
        Assert.Contains("is not sent to: ", sent.Reason);
    }

    [Fact]
    public async Task SendAsync_headers_that_never_end_are_waited_for_no_longer_than_the_limit()
    {
        var waiting = new TaskCompletionSource();
        var closed = new TaskCompletionSource();
        await using var receiver = new RawReceiver(async (socket, end) =>
        {
            await SayAsync(socket, "HTTP/1.1 200 OK\r\nX-Slow: 1", end);
            waiting.SetResult();
            await ClosedAsync(socket, end);
            closed.SetResult();
        });
        var time = new FakeTimeProvider(Now);
        await using var sink = await OpenAsync(receiver.Url, time: time);
        var sending = sink.SendAsync([Event(1)], Cancel);
        await waiting.Task.WaitAsync(Cancel);
        Assert.False(sending.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(15));
        var sent = await sending;
        Assert.Equal((SendOutcome.Failed, $"127.0.0.1:{receiver.Port}/hooks did not answer within 15 s ('timeoutSeconds')"), (sent.Outcome, sent.Reason));
        await closed.Task.WaitAsync(Cancel);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1000\r\n{0}\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", "{0}")]
    [InlineData("HTTP/1.0 200 OK\r\n\r\n", "{0}")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", "1000\r\n{0}\r\n")]
    public async Task SendAsync_a_body_that_never_ends_is_hung_up_on(string head, string part)
    {
        var hungUp = new TaskCompletionSource<long>();
        await using var receiver = new RawReceiver(async (socket, end) =>
        {
            var said = 0L;
            try
            {
                await SayAsync(socket, head, end);
                var text = string.Format(part, new string('x', 4096));
                while (true)
                {
                    await SayAsync(socket, text, end);
                    said += text.Length;
                }
            }
            catch (SocketException)
            {
                hungUp.TrySetResult(said);
            }
        });
        await using var sink = await OpenAsync(receiver.Url);
        Assert.Equal(SendResult.Delivered, await sink.SendAsync([Event(1)], Cancel));
        // What fits into the buffers of both sockets and little more.
        Assert.InRange(await hungUp.Task.WaitAsync(Cancel), 0, 64 * 1024 * 1024);
        Assert.Equal(SendResult.Delivered, await sink.SendAsync([Event(2)], Cancel));
        Assert.Equal(2, receiver.Connections);
    }

    [Fact]
    public async Task SendAsync_a_bomb_in_gzip_is_run_dry_as_it_came()
    {
        var bomb = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(bomb, System.IO.Compression.CompressionLevel.SmallestSize, leaveOpen: true))
            gzip.Write(new byte[32 * 1024 * 1024]);
        var connections = new ConcurrentBag<string>();
        await using var receiver = await WebhookReceiver.StartAsync(async http =>
        {
            connections.Add(http.Connection.Id);
            http.Response.Headers.ContentEncoding = "gzip";
            http.Response.ContentLength = bomb.Length;
            await http.Response.Body.WriteAsync(bomb.ToArray());
        });
        await using var sink = await OpenAsync(receiver.Url, o => o with { Concurrency = 1 });
        for (var i = 0; i < 5; i++)
            Assert.Equal(SendResult.Delivered, await sink.SendAsync([Event(i + 1)], Cancel));
        // 32 KB each: the connection was used again, so that they were read, and nothing else was done with them.
        Assert.Equal(5, connections.Count);
        Assert.Single(connections.Distinct());
    }

    [Fact]
    public async Task SendAsync_a_body_that_stalls_holds_nothing_up()
    {
        var closed = new TaskCompletionSource();
        await using var receiver = new RawReceiver(async (socket, end) =>
        {
            await SayAsync(socket, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1", end);
            await ClosedAsync(socket, end);
            closed.TrySetResult();
        });
        await using var sink = await OpenAsync(receiver.Url);
        Assert.Equal(SendResult.Delivered, await sink.SendAsync([Event(1)], Cancel));
        Assert.Equal(SendResult.Delivered, await sink.SendAsync([Event(2)], Cancel));
        await closed.Task.WaitAsync(Cancel);
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.9 private\r\n", "did not answer in HTTP")]
    [InlineData("HTTP/1.1 private OK\r\n\r\n", "did not answer in HTTP")]
    [InlineData("HTTP/1.1 200 OK\r\nprivate\r\n\r\n", "did not answer in HTTP")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: private\r\n\r\n", null)]
    [InlineData("HTTP/9.9 200 OK\r\n\r\n", "did not answer in HTTP")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: private\r\nConnection: Upgrade\r\n\r\n", "answered 101")]
    [InlineData("\u0015\u0003\u0001\u0002", "broke the connection off before it answered")]
    [InlineData("", "broke the connection off before it answered")]
    [InlineData("HTTP/1.1 2", "broke the connection off before it answered")]
    public async Task SendAsync_what_is_no_HTTP_is_a_failure_that_quotes_nothing(string answer, string? reason)
    {
        await using var receiver = new RawReceiver((socket, end) => SayAsync(socket, answer, end));
        await using var sink = await OpenAsync(receiver.Url);
        var sent = await sink.SendAsync([Event(1)], Cancel);
        if (reason is not null)
            Assert.Equal((SendOutcome.Failed, $"127.0.0.1:{receiver.Port}/hooks {reason}"), (sent.Outcome, sent.Reason));
        Assert.DoesNotContain("private", sent.Reason);
    }

    [Fact]
    public async Task SendAsync_headers_without_end_are_not_read_to_their_end()
    {
        await using var receiver = new RawReceiver(async (socket, end) =>
        {
            await SayAsync(socket, "HTTP/1.1 200 OK\r\n", end);
            while (true)
                await SayAsync(socket, $"X-Large: {new string('x', 1000)}\r\n", end);
        });
        await using var sink = await OpenAsync(receiver.Url);
        var sent = await sink.SendAsync([Event(1)], Cancel);
        Assert.Equal((SendOutcome.Failed, $"127.0.0.1:{receiver.Port}/hooks answered with more headers than are read"), (sent.Outcome, sent.Reason));
    }

    [Fact]
    public async Task SendAsync_a_reset_in_the_middle_is_a_failure_and_the_next_send_connects_anew()
    {
        var connections = 0;
        await using var receiver = new RawReceiver(async (socket, end) =>
        {
            if (connections++ == 0)
            {
                await SayAsync(socket, "HTTP/1.1 200 O", end);
                socket.LingerState = new(true, 0);
                return;
            }

            await SayAsync(socket, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", end);
        });
        await using var sink = await OpenAsync(receiver.Url);
        Assert.Equal(SendOutcome.Failed, (await sink.SendAsync([Event(1)], Cancel)).Outcome);
        Assert.Equal(SendOutcome.Delivered, (await sink.SendAsync([Event(1)], Cancel)).Outcome);
    }

    [Fact]
    public async Task SendAsync_nobody_listening_says_so()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        taken.Stop();
        await using var sink = await OpenAsync(new($"http://127.0.0.1:{port}/hooks?token=private"));
        var sent = await sink.SendAsync([Event(1)], Cancel);
        Assert.Equal((SendOutcome.Failed, $"127.0.0.1:{port}/hooks cannot be reached: nothing listens there"), (sent.Outcome, sent.Reason));
    }

    [Fact]
    public async Task SendAsync_a_name_that_nobody_knows_says_so()
    {
        await using var sink = await OpenAsync(new("https://app.example/hooks"), resolve: (_, _) => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound)));
        Assert.Equal("app.example/hooks cannot be reached: its name is not known to the resolver", (await sink.SendAsync([Event(1)], Cancel)).Reason);
    }

    [Fact]
    public async Task SendAsync_a_certificate_that_nobody_vouches_for_is_a_failure()
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=app.internal", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(Now.AddYears(-1), Now.AddYears(50));
        await using var receiver = await WebhookReceiver.StartAsync(Status(200), certificate);
        await using var sink = await OpenAsync(receiver.Url);
        var sent = await sink.SendAsync([Event(1)], Cancel);
        Assert.Equal(SendOutcome.Failed, sent.Outcome);
        Assert.Contains("TLS failed", sent.Reason);
        Assert.Empty(receiver.Received);
    }

    [Fact]
    public async Task SendAsync_the_hub_stops_the_outcome_is_unknown()
    {
        var arrived = new TaskCompletionSource();
        await using var receiver = new RawReceiver(async (socket, end) =>
        {
            arrived.SetResult();
            await ClosedAsync(socket, end);
        });
        await using var sink = await OpenAsync(receiver.Url);
        using var stop = new CancellationTokenSource();
        var sending = sink.SendAsync([Event(1)], stop.Token);
        await arrived.Task.WaitAsync(Cancel);
        await stop.CancelAsync();
        Assert.Equal(stop.Token, (await Assert.ThrowsAsync<OperationCanceledException>(() => sending)).CancellationToken);
    }

    [Fact]
    public async Task SendAsync_many_at_once_keep_their_own_bodies()
    {
        await using var receiver = await WebhookReceiver.StartAsync(Status(200));
        await using var sink = await OpenAsync(receiver.Url, o => o with { Concurrency = 8 });
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async worker =>
        {
            for (var i = 0; i < 50; i++)
                Assert.Equal(SendOutcome.Delivered, (await sink.SendAsync([Event((worker * 50) + i + 1)], Cancel)).Outcome);
        }));
        var ids = receiver.Received.Select(r => (Header: r.Headers["webhook-id"], Body: System.Text.Json.JsonDocument.Parse(r.Body).RootElement.GetProperty("id").GetString())).ToList();
        Assert.All(ids, i => Assert.Equal(i.Header, i.Body));
        Assert.Equal(400, ids.Distinct().Count());
    }

    private static RequestDelegate Status(int status) => http =>
    {
        http.Response.StatusCode = status;
        return Task.CompletedTask;
    };

    private static async Task<ISink> OpenAsync(Uri url, Func<WebhookOptions, WebhookOptions>? configure = null, string inside = "127.0.0.1",
        Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null, TimeProvider? time = null)
    {
        var options = new WebhookOptions { Url = url, Secrets = ["${secret:app}"] };
        options = configure?.Invoke(options) ?? options;
        time ??= new FakeTimeProvider(Now);
        var context = new SinkContext((text, _) => ValueTask.FromResult(text.Replace("${secret:app}", Secret)), new() { AllowInside = [inside] }, time, NullLogger.Instance);
        return await options.OpenAsync(context, new AddressGuard(context.Limits.AllowInside, time, resolve), Cancel);
    }
}
