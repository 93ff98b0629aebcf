// As applications write it, not tests.
#pragma warning disable xUnit1051, CA1848
using IntegrationHub.Client;
using IntegrationHub.Delivery.Webhooks;
using IntegrationHub.Tests.Delivery.Webhooks;
using IntegrationHub.Tests.Host;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using static IntegrationHub.Tests.Host.HubUnderTest;

namespace IntegrationHub.Tests.Client;

/// <summary>The C# of docs/guides/downstream.md, compiled and run. A block of the guide stands here line by line.</summary>
public class DownstreamGuideTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_block_of_the_guide_stands_here()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "IntegrationHub.sln")))
            folder = Path.GetDirectoryName(folder)!;
        var here = string.Join('\n', File.ReadAllLines(Path.Combine(folder, "tests", "Hub", "Client", "DownstreamGuideTests.cs")).Select(l => l.Trim()));
        var guide = File.ReadAllText(Path.Combine(folder, "docs", "guides", "downstream.md"));
        var blocks = guide.Split("```csharp\n").Skip(1).Select(b => string.Join('\n', b.Split("```")[0].TrimEnd().Split('\n').Select(l => l.Trim()))).ToList();
        Assert.Equal(3, blocks.Count);
        Assert.All(blocks, b => Assert.Contains(b, here));
    }

    [Fact]
    public async Task Entities_and_changes()
    {
        await using var served = await HubUnderTest.StartAsync();
        await served.FeedAsync(Release("p-1", "n-1", "2025-01-01T00:00:00Z", "T1", closes: "2025-02-01T00:00:00Z"));
        var (address, key) = (served.Http.BaseAddress!.ToString(), await served.KeyAsync(IntegrationHub.Api.ApiScope.Read));
        var since = new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

        using var hub = new HubClient(new Uri(address), key);
        var query = new EntityQuery { Sort = "-closesAt", Fields = ["title", "buyer"] }
            .Where("status", "active")
            .Where("closesAt", Comparison.GreaterOrEqual, since);
        await foreach (var tender in hub.ListAsync("tenders", query))
            Console.WriteLine($"{tender.Id} {tender.Text("title")} for {string.Join(", ", tender.Links("buyer"))}");

        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var (stop, store) = (stopping.Token, new Store(stopping.Cancel));
        var following = async () =>
        {
            var feed = hub.Changes(new() { After = await store.LastAsync(), Entity = "customer", Transport = ChangesTransport.Stream });
            await foreach (var change in feed.WithCancellation(stop))
                await store.SaveAsync(change.Sequence, change.Id, change.Kind);
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(following);
        Assert.Equal("created", Assert.Single(store.Saved).What);
        Assert.StartsWith("customer-", store.Saved[0].Id);
    }

    [Fact]
    public async Task Webhooks()
    {
        const string secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        await using var app = builder.Build();
        var (log, store) = ((ILogger)NullLogger.Instance, new Store());

        var verifier = new WebhookVerifier([secret]);
        app.MapPost("/hooks/hub", async (HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            WebhookDelivery delivery;
            try
            {
                delivery = verifier.Verify(name => request.Headers[name], body.ToArray());
            }
            catch (WebhookException e)
            {
                log.LogWarning("{Reason}", e.Message);
                return Results.Unauthorized();
            }

            foreach (var received in delivery.Events)
                await store.SaveAsync(received.Sequence, received.Subject!, received.Type);
            return Results.NoContent();
        });

        await app.StartAsync(Cancel);
        foreach (var (used, outcome) in new[] { (secret, IntegrationHub.Delivery.SendOutcome.Delivered), ("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", IntegrationHub.Delivery.SendOutcome.Failed) })
        {
            var options = new WebhookOptions { Url = new(app.Urls.Single() + "/hooks/hub"), Secrets = ["${secret:app}"] };
            await using var sink = await options.OpenAsync(new((_, _) => ValueTask.FromResult(used), new() { AllowInside = ["127.0.0.1"] }, TimeProvider.System, NullLogger.Instance), Cancel);
            Assert.Equal(outcome, (await sink.SendAsync([WebhookMessageTests.Event(4711)], Cancel)).Outcome);
        }

        Assert.Equal((4711, "hub.customer.updated"), (Assert.Single(store.Saved).Sequence, store.Saved[0].What));
    }

    private sealed class Store(Action? saved = null)
    {
        public List<(long Sequence, string Id, string What)> Saved { get; } = [];

        public Task<long> LastAsync() => Task.FromResult(Saved.Count == 0 ? 0 : Saved[^1].Sequence);

        public Task SaveAsync(long sequence, string id, string what)
        {
            Saved.Add((sequence, id, what));
            saved?.Invoke();
            return Task.CompletedTask;
        }
    }
}
