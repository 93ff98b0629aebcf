using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using WireMock;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;
using WireMock.Settings;
using WireMock.Types;
using WireMock.Util;

namespace IntegrationHub.Sdk.Simulation;

/// <summary>
/// A stand-in for a vendor on a free port of this machine. A simulator of a vendor derives from it and answers as the vendor does: it checks signatures, tokens,
/// parameters and limits, and refuses what the vendor refuses. Faults are injected around it.
/// </summary>
public abstract class VendorSimulator : IDisposable
{
    private const int KeptRequests = 20_000;

    private readonly WireMockServer _server;
    private readonly ConcurrentQueue<SimulatedRequest> _requests = new();
    private readonly ConcurrentDictionary<int, Fault> _faults = new();
    private readonly Lock _oneAtATime = new();
    private int _calls;

    /// <summary>Starts listening.</summary>
    /// <param name="time">The vendor's clock.</param>
    /// <param name="port">A port, or 0 for a free one.</param>
    protected VendorSimulator(TimeProvider time, int port = 0)
    {
        Time = time;
        _server = WireMockServer.Start(new WireMockServerSettings
        {
            Port = port == 0 ? null : port,
            MaxRequestLogCount = 1,
            PreWireMockMiddlewareInit = app => ((IApplicationBuilder)app).Use(DisturbAsync),
        });
        _server.Given(Request.Create().UsingAnyMethod()).RespondWith(Response.Create().WithCallback(Respond));
    }

    /// <summary>Where the simulator listens.</summary>
    public Uri Address => new(_server.Url! + "/");

    /// <summary>Our clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>How far the vendor's clock is ahead of ours.</summary>
    public TimeSpan Skew { get; set; }

    /// <summary>What a 429 asks for in Retry-After.</summary>
    /// <value>Default 7.</value>
    public int RetryAfterSeconds { get; set; } = 7;

    /// <summary>The vendor's time.</summary>
    public DateTimeOffset Now => Time.GetUtcNow() + Skew;

    /// <summary>The last requests, oldest first.</summary>
    public IReadOnlyList<SimulatedRequest> Requests => [.. _requests];

    /// <summary>Data calls answered so far, those for tokens not counted.</summary>
    public int DataCalls => Volatile.Read(ref _calls);

    /// <summary>Secrets that the vendor handed out, such as tokens; nobody may log them.</summary>
    public ConcurrentBag<string> Issued { get; } = [];

    /// <summary>Called before the n-th data call (from 1) is answered: the vendor's data may change here.</summary>
    public Action<int>? BeforeDataCall { get; set; }

    /// <summary>Has one data call (from 1, counted from now on) meet a fault.</summary>
    public void Inject(int call, Fault fault) => _faults[DataCalls + call] = fault;

    /// <summary>Changes the vendor's data between two answers.</summary>
    public void Change(Action change)
    {
        ArgumentNullException.ThrowIfNull(change);
        lock (_oneAtATime)
            change();
    }

    /// <summary>Takes back faults that have not happened.</summary>
    public void Heal() => _faults.Clear();

    /// <inheritdoc/>
    public void Dispose()
    {
        _server.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Answers as the vendor does. One request at a time.</summary>
    protected abstract SimulatedAnswer Answer(SimulatedRequest request);

    /// <summary>Whether a request is for data; requests for tokens and logins meet no faults and are not counted.</summary>
    protected abstract bool IsData(SimulatedRequest request);

    /// <summary>How the vendor says that it is asked too often.</summary>
    protected virtual SimulatedAnswer RateLimitAnswer() => Plain(429, "slow down");

    /// <summary>Ends all tokens and sessions; does nothing where the vendor has none.</summary>
    protected virtual void ExpireTokens()
    {
    }

    private static SimulatedAnswer Plain(int status, string text, params KeyValuePair<string, string>[] headers) =>
        new(status, Encoding.UTF8.GetBytes(text)) { ContentType = "text/plain", Headers = headers };

    /// <summary>Faults of the wire: cut, stalled and empty answers, after the vendor has done its work.</summary>
    private async Task DisturbAsync(HttpContext http, RequestDelegate next)
    {
        http.Request.EnableBuffering();
        var body = http.Response.Body;
        using var answer = new MemoryStream();
        http.Response.Body = answer;
        await next(http).ConfigureAwait(false);
        http.Response.Body = body;
        var fault = Enum.TryParse<Fault>(http.Response.Headers["X-Simulated-Fault"], out var parsed) ? parsed : Fault.None;
        http.Response.Headers.Remove("X-Simulated-Fault");
        var whole = answer.ToArray();
        switch (fault)
        {
            case Fault.AnswerLost:
                http.Abort();
                return;
            case Fault.EmptyBody:
                http.Response.ContentLength = 0;
                return;
            case Fault.TruncatedBody or Fault.StalledBody:
                http.Response.ContentLength = whole.Length;
                await http.Response.Body.WriteAsync(whole.AsMemory(0, whole.Length / 2)).ConfigureAwait(false);
                await http.Response.Body.FlushAsync().ConfigureAwait(false);
                if (fault == Fault.StalledBody)
                    await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default).ConfigureAwait(false);
                else
                    // A reset that overtakes the half answer would be another fault.
                    await Task.Delay(TimeSpan.FromMilliseconds(20), CancellationToken.None).ConfigureAwait(false);
                http.Abort();
                return;
            default:
                http.Response.ContentLength = whole.Length;
                await http.Response.Body.WriteAsync(whole).ConfigureAwait(false);
                return;
        }
    }

    private ResponseMessage Respond(IRequestMessage message)
    {
        var url = new Uri(message.Url);
        var query = url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2))
            .Select(p => KeyValuePair.Create(Decode(p[0]), p.Length > 1 ? Decode(p[1]) : ""));
        var headers = (message.Headers ?? new Dictionary<string, WireMockList<string>>()).ToDictionary(h => h.Key, h => h.Value.FirstOrDefault() ?? "", StringComparer.OrdinalIgnoreCase);
        var request = new SimulatedRequest(message.Method.ToUpperInvariant(), url.AbsolutePath, [.. query], headers, message.BodyAsBytes ?? []);
        // A vendor's data changes between answers, never in the middle of one.
        lock (_oneAtATime)
        {
            _requests.Enqueue(request);
            if (_requests.Count > KeptRequests)
                _requests.TryDequeue(out _);
            if (!IsData(request))
                return Message(Answer(request), Fault.None);
            var call = Interlocked.Increment(ref _calls);
            BeforeDataCall?.Invoke(call);
            _faults.TryRemove(call, out var fault);
            return Message(Answer(request, fault), fault);
        }
    }

    private SimulatedAnswer Answer(SimulatedRequest request, Fault fault)
    {
        switch (fault)
        {
            case Fault.TooManyRequests:
                return Plain(429, "slow down", KeyValuePair.Create("Retry-After", RetryAfterSeconds.ToString(CultureInfo.InvariantCulture)));
            case Fault.TooManyRequestsSilent:
                return Plain(429, "slow down");
            case Fault.VendorRateLimit:
                return RateLimitAnswer();
            case Fault.ServerError:
                return Plain(500, "internal error");
            case Fault.ServiceUnavailable:
                return Plain(503, "maintenance", KeyValuePair.Create("Retry-After", "30"));
            case Fault.HtmlInsteadOfJson:
                return Plain(200, "<!DOCTYPE html><html><body>系统维护中</body></html>") with { ContentType = "text/html" };
            case Fault.TokensExpire:
                ExpireTokens();
                return Answer(request);
            default:
                return Answer(request);
        }
    }

    private ResponseMessage Message(SimulatedAnswer answer, Fault fault)
    {
        var headers = new Dictionary<string, WireMockList<string>>
        {
            ["Content-Type"] = new(answer.ContentType),
            ["Date"] = new(Now.ToString("R", CultureInfo.InvariantCulture)),
            ["X-Simulated-Fault"] = new(fault.ToString()),
        };
        foreach (var header in answer.Headers)
            if (headers.TryGetValue(header.Key, out var values))
                values.Add(header.Value);
            else
                headers[header.Key] = new(header.Value);
        return new()
        {
            StatusCode = answer.Status,
            Headers = headers,
            BodyData = new BodyData { DetectedBodyType = BodyType.Bytes, BodyAsBytes = answer.Body },
        };
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
