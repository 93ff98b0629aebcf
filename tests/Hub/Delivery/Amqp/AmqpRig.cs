using System.Text;
using IntegrationHub.Delivery;
using IntegrationHub.Delivery.Amqp;
using IntegrationHub.Yaml;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Tests.Delivery.Amqp;

/// <summary>What tests of the AMQP sink share: events, settings as a person writes them, and sending as the dispatcher does.</summary>
internal static class AmqpRig
{
    public const string Password = "p4ss-NOT-TO-BE-SHOWN";

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static OutboundEvent Event(string subject, long sequence, string? data = null) => new()
    {
        Id = $"acme-{sequence}",
        Source = "/workspaces/acme",
        Type = "hub.customer.updated",
        Subject = subject,
        Time = new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.Zero).AddTicks(1_234_567),
        Sequence = sequence,
        Previous = sequence - 1,
        Data = Encoding.UTF8.GetBytes(data ?? $$"""{"entity":"{{subject}}","sequence":{{sequence}},"name":"客户 – café"}"""),
    };

    /// <summary>Events of many entities, the sequence growing over all of them.</summary>
    public static List<OutboundEvent[]> Entities(int entities, int each) =>
        [.. Enumerable.Range(0, entities).Select(e => Enumerable.Range(0, each).Select(i => Event($"customer-{e}", (i * (long)entities) + e + 1)).ToArray())];

    public static AmqpOptions Read(string yaml)
    {
        var options = TryRead(yaml, out var faults);
        Assert.True(options is not null, faults);
        return options;
    }

    public static AmqpOptions? TryRead(string yaml, out string faults)
    {
        var diagnostics = new Diagnostics("hub.yaml");
        var options = AmqpOptions.Read(YamlSection.Over(YamlNode.Parse(yaml, diagnostics), "amqp", diagnostics)!, diagnostics);
        faults = string.Join('\n', diagnostics.All.OrderBy(f => f.Line).ThenBy(f => f.Column));
        return options;
    }

    public static async Task<ISink> OpenAsync(AmqpOptions options, TimeProvider? time = null, ILogger? log = null, params (string Reference, string Value)[] secrets)
    {
        ValueTask<string> Resolve(string text, CancellationToken cancellationToken) =>
            new(secrets.Append(("${secret:password}", Password)).Aggregate(text, (t, s) => t.Replace(s.Item1, s.Item2, StringComparison.Ordinal)));
        return await options.OpenAsync(new(Resolve, new() { AllowInside = ["127.0.0.0/8", "localhost"] }, time ?? TimeProvider.System, log ?? NullLogger.Instance), Cancel);
    }

    public static Task<SendResult> SendAsync(this ISink sink, OutboundEvent one) => sink.SendAsync([one], Cancel);

    /// <summary>Sends as the dispatcher does: entities at once, the events of one after each other, each until it is delivered.</summary>
    /// <param name="failed">Awaited before an event is sent again.</param>
    /// <returns>How often each event was sent.</returns>
    public static async Task<Dictionary<string, int>> DeliverAsync(ISink sink, IEnumerable<OutboundEvent[]> entities, Func<OutboundEvent, SendResult, Task> failed, Action? delivered = null)
    {
        using var places = new SemaphoreSlim(sink.Concurrency);
        var tries = await Task.WhenAll(entities.Select(async events =>
        {
            var counts = new List<(string, int)>();
            foreach (var one in events)
            {
                for (var count = 1; ; count++)
                {
                    await places.WaitAsync(Cancel);
                    var result = await sink.SendAsync(one);
                    places.Release();
                    if (result.Outcome == SendOutcome.Delivered)
                    {
                        counts.Add((one.Id, count));
                        break;
                    }

                    await failed(one, result);
                }

                delivered?.Invoke();
            }

            return counts;
        }));
        return tries.SelectMany(t => t).ToDictionary(t => t.Item1, t => t.Item2);
    }
}
