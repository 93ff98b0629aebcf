using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Actions;
using IntegrationHub.Sdk.Callbacks;
using IntegrationHub.Sdk.Http;
using IntegrationHub.Sdk.Reading;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Connectors.Tests.Kit;

/// <summary>What a connector can do wrong. Each must be caught by the conformance suite.</summary>
public enum Sin
{
    None,
    DeclaresNoRegion,
    DeclaresNoPersonalData,
    LeavesTheSecretUnmarked,
    AcceptsUnknownSettings,
    ChecksNothing,
    BlamesTheVendorForBadSettings,
    AcceptsUnknownStreams,
    LosesTheLastPage,
    GivesRecordsTwice,
    NeverCheckpoints,
    ChecksOffBeforeReturning,
    StoresHugeCursors,
    ForgetsToReachBack,
    SkipsTies,
    EndsQuietlyOnFailure,
    TakesNoJsonForTheEnd,
    GivesUpOnRateLimits,
    KeepsDeadTokens,
    HandsOverHugeRecords,
    LogsTheSecret,
    LogsTheToken,
    IgnoresCancellation,
    AcceptsForgedCallbacks,
    AcceptsStaleCallbacks,
    ThrowsOnGarbage,
    InventsEventIds,
    ReusesEventIds,
    ActsTwice,
    ActsOnBadInput,
}

/// <summary>The settings of the connector of an invented vendor.</summary>
public sealed class AcmeOptions
{
    [Required(ErrorMessage = "is missing")]
    public Uri? Url { get; set; }

    [Required(ErrorMessage = "is missing"), Secret]
    public string Secret { get; set; } = "";
}

/// <summary>The same, with the secret not marked.</summary>
public sealed class AcmeOpenOptions
{
    public Uri? Url { get; set; }

    public string Secret { get; set; } = "";
}

/// <summary>Input of the only action.</summary>
public sealed class PlaceOrderInput
{
    [Required]
    public string Number { get; set; } = "";
}

/// <summary>A connector that does everything right, or everything but one thing.</summary>
internal sealed class HostileConnector(Sin sin) : IConnector
{
    public ConnectorManifest Manifest { get; } = new()
    {
        Id = "acme",
        Title = "Acme",
        Family = ConnectorFamily.Other,
        Description = "An invented vendor.",
        Region = sin == Sin.DeclaresNoRegion ? null : "CN",
        Options = sin == Sin.LeavesTheSecretUnmarked ? typeof(AcmeOpenOptions) : typeof(AcmeOptions),
        Streams = [new() { Name = "items", Description = "Items.", PersonalData = sin == Sin.DeclaresNoPersonalData ? [] : ["$.name"] }],
        Actions = [new() { Name = "place_order", Description = "Places an order.", Input = typeof(PlaceOrderInput) }],
        Callbacks = true,
    };

    public IConnection Open(ConnectionContext context)
    {
        if (sin is Sin.LeavesTheSecretUnmarked or Sin.AcceptsUnknownSettings)
            context = context with { Settings = JsonSerializer.SerializeToElement(new { url = context.Settings.GetProperty("url"), secret = context.Settings.GetProperty("secret") }) };
        return new HostileConnection(sin, context, context.Bind<AcmeOptions>());
    }
}

internal sealed partial class HostileConnection : IReadRecords, ICheckConnection, IReceiveCallbacks, IRunActions
{
    private readonly Sin _sin;
    private readonly ConnectionContext _context;
    private readonly AcmeOptions _options;
    private readonly VendorClient _logins;
    private readonly VendorClient _client;

    public HostileConnection(Sin sin, ConnectionContext context, AcmeOptions options)
    {
        (_sin, _context, _options) = (sin, context, options);
        var shared = new VendorClientOptions { BaseAddress = options.Url!, Classify = Classify };
        _logins = new(context, shared with { Authorize = (message, _, _) => message.Headers.Add("X-Secret", options.Secret) });
        _client = new(context, shared with
        {
            Tokens = new(context, new()
            {
                Identity = $"{options.Url}|{options.Secret}",
                Renew = async (_, cancel) =>
                {
                    var answer = (await _logins!.SendAsync(VendorRequest.Get("token"), cancel)).Json;
                    var token = answer.GetProperty("token").GetString()!;
                    if (sin == Sin.LogsTheToken)
                        Say(context.Log, $"got {token}");
                    return new(token, context.Time.GetUtcNow().AddSeconds(answer.GetProperty("expires").GetInt32()));
                },
            }),
            Authorize = (message, _, token) => message.Headers.Add("Authorization", "Bearer " + token!.Value),
        });
        if (sin == Sin.LogsTheSecret)
            Say(context.Log, $"opening {options.Url} with {options.Secret}");
    }

    public async IAsyncEnumerable<StreamItem> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (request.Stream != "items" && _sin != Sin.AcceptsUnknownStreams)
            throw new ConnectorException(ConnectorErrorKind.Configuration, $"acme has no stream '{request.Stream}'");
        var cancel = _sin == Sin.IgnoresCancellation ? CancellationToken.None : cancellationToken;
        var items = IncrementalRead.ReadAsync(request.Cursor?.Trim(), ReachBack, (at, c) => PageAsync(request, at, c), cancel);
        await using var enumerator = items.GetAsyncEnumerator(cancel);
        var held = new List<StreamItem>();
        while (await MoveAsync(enumerator))
            foreach (var item in Sinful(enumerator.Current, held))
                yield return item;
    }

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        if (_sin != Sin.ChecksNothing)
            await _client.SendAsync(VendorRequest.Get("items"), cancellationToken);
    }

    public CallbackAnswer Receive(CallbackRequest request)
    {
        if (_sin == Sin.ThrowsOnGarbage)
            JsonDocument.Parse(request.Body).Dispose();
        var time = request.Parameter("time");
        var signature = Sign(_options.Secret, $"{time}.{request.Parameter("challenge")}.{Encoding.UTF8.GetString(request.Body.Span)}");
        if (_sin != Sin.AcceptsForgedCallbacks && !CallbackChecks.Matches(signature, request.Parameter("signature")))
            return CallbackAnswer.Refuse("the signature does not match");
        if (_sin != Sin.AcceptsStaleCallbacks && !CallbackChecks.IsRecent(time, inMilliseconds: false, _context.Time.GetUtcNow(), TimeSpan.FromMinutes(10)))
            return CallbackAnswer.Refuse("the request is too old");
        if (request.Parameter("challenge") is { } challenge)
            return CallbackAnswer.Handshake(Encoding.UTF8.GetBytes(challenge));
        try
        {
            using var body = JsonDocument.Parse(request.Body);
            var id = body.RootElement.GetProperty("id").GetInt32().ToString(CultureInfo.InvariantCulture);
            var number = _sin switch
            {
                Sin.InventsEventIds => Guid.NewGuid().ToString(),
                Sin.ReusesEventIds => "event",
                _ => body.RootElement.GetProperty("event").GetString()!,
            };
            return CallbackAnswer.Accept([new(number, "items", id, Encoding.UTF8.GetBytes(id))]);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return CallbackAnswer.Refuse("not an event", 400);
        }
    }

    public static string Sign(string secret, string text) => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(text)));

    public async IAsyncEnumerable<StreamItem> ReadEventsAsync(string stream, IReadOnlyList<CallbackEvent> events, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var wanted = events.Select(e => e.Subject).ToHashSet();
        await foreach (var item in ReadAsync(new(stream), cancellationToken))
            if (item is SourceRecord record && wanted.Contains(record.Id))
                yield return record;
    }

    public async Task<ActionResult> RunAsync(ActionRequest request, CancellationToken cancellationToken)
    {
        var number = _sin == Sin.ActsOnBadInput ? request.Input.TryGetProperty("number", out var n) ? n.GetString()! : "none" : request.Bind<PlaceOrderInput>().Number;
        if (_sin != Sin.ActsTwice && (await _client.SendAsync(VendorRequest.Get("orders", [new("number", number)]), cancellationToken)).Json.GetProperty("found").GetBoolean())
            return ActionResult.Of(new { number });
        await _client.SendAsync(VendorRequest.Post("orders", new { number }) with { Writes = _sin != Sin.ActsTwice }, cancellationToken);
        return ActionResult.Of(new { number });
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        _logins.Dispose();
        return ValueTask.CompletedTask;
    }

    private VendorError? Classify(VendorAnswer answer) => (answer.Status, HttpErrors.FromStatus(answer.Status, answer.RetryAfter)) switch
    {
        (_, { Kind: ConnectorErrorKind.RateLimited }) when _sin == Sin.GivesUpOnRateLimits => new(ConnectorErrorKind.Permanent, "refused"),
        (_, { Kind: ConnectorErrorKind.ReAuthenticate }) when _sin == Sin.KeepsDeadTokens => new(ConnectorErrorKind.Permanent, "refused"),
        (_, { } error) => error,
        _ when _sin == Sin.TakesNoJsonForTheEnd && !answer.Body.Span.StartsWith("{"u8) => null,
        _ => answer.Json.TryGetProperty("error", out var code) ? code.GetString() switch
        {
            "slow_down" => new(ConnectorErrorKind.RateLimited, "asked too often") { RetryAfter = TimeSpan.FromSeconds(30) },
            "bad_secret" when _sin == Sin.BlamesTheVendorForBadSettings => new(ConnectorErrorKind.Transient, "try later"),
            "bad_secret" => new(ConnectorErrorKind.Configuration, "'secret' is not accepted"),
            _ => new(ConnectorErrorKind.Permanent, "refused"),
        } : null,
    };

    private static string ReachBack(string value) =>
        DateTimeOffset.Parse(value, CultureInfo.InvariantCulture).AddMinutes(-10).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private async Task<IReadOnlyList<WatermarkedRow>> PageAsync(ReadRequest request, Watermark? at, CancellationToken cancellationToken)
    {
        List<KeyValuePair<string, string>> query = at is null ? [] : [new("since", at.Value)];
        if (at?.Key is { } key)
            query.Add(new("after", _sin == Sin.SkipsTies ? "999999" : key));
        var answer = await _client.SendAsync(VendorRequest.Get("items", query), cancellationToken);
        if (_sin == Sin.TakesNoJsonForTheEnd && !answer.Body.Span.StartsWith("{"u8))
            return [];
        var rows = answer.Json.GetProperty("items").EnumerateArray().Select(item =>
        {
            var record = new SourceRecord(item.GetProperty("id").ToString(), Encoding.UTF8.GetBytes(item.GetRawText()));
            return new WatermarkedRow(new(item.GetProperty("updated").GetString()!, record.Id), [_sin == Sin.HandsOverHugeRecords ? record : request.Bounded(record)]);
        }).ToList();
        return _sin == Sin.LosesTheLastPage && rows.Count < 5 ? [] : rows;
    }

    private async Task<bool> MoveAsync(IAsyncEnumerator<StreamItem> items)
    {
        try
        {
            return await items.MoveNextAsync();
        }
        catch (ConnectorException e) when (_sin == Sin.EndsQuietlyOnFailure && e.Kind == ConnectorErrorKind.Transient)
        {
            return false;
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{What}")]
    private static partial void Say(ILogger log, string what);

    private StreamItem[] Sinful(StreamItem item, List<StreamItem> held)
    {
        switch (_sin, item)
        {
            case (Sin.GivesRecordsTwice, SourceRecord record):
                return [record, record with { Id = record.Id + "-again" }];
            case (Sin.NeverCheckpoints, Checkpoint):
                return [];
            case (Sin.StoresHugeCursors, Checkpoint checkpoint):
                return [new Checkpoint(checkpoint.Cursor + new string(' ', 70_000))];
            case (Sin.ForgetsToReachBack, Checkpoint checkpoint):
                return [new Checkpoint(checkpoint.Cursor.Replace("2026-", "2027-", StringComparison.Ordinal))];
            case (Sin.ChecksOffBeforeReturning, SourceRecord):
                held.Add(item);
                return [];
            case (Sin.ChecksOffBeforeReturning, Checkpoint):
                StreamItem[] turned = [item, .. held];
                held.Clear();
                return turned;
            default:
                return [item];
        }
    }
}
