using System.Globalization;
using System.Net.Sockets;

namespace IntegrationHub.Delivery.Webhooks;

/// <summary>What an answer, or its absence, means. The table of the sink: nothing that the destination wrote goes into a reason.</summary>
internal static class WebhookAnswer
{
    /// <summary>The longest that a destination may ask to be left alone; a slip of the pen must not silence it for years.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromDays(1);

    public static SendResult Judge(string target, HttpResponseMessage answer, DateTimeOffset now)
    {
        var status = (int)answer.StatusCode;
        return status switch
        {
            >= 200 and < 300 => SendResult.Delivered,
            410 => new(SendOutcome.Gone, $"{target} answered 410: it wants no more events"),
            >= 300 and < 400 => SendResult.Failed($"{target} answered {status}: redirects are not followed; set the address it moved to as 'url' of the subscription", Pause(answer, now)),
            401 or 403 => SendResult.Failed($"{target} answered {status}: check the subscription's secrets and headers", Pause(answer, now)),
            404 or 405 => SendResult.Failed($"{target} answered {status}: check the subscription's 'url'", Pause(answer, now)),
            413 => SendResult.Failed($"{target} answered 413: the request is too large for it; lower the subscription's 'batch'", Pause(answer, now)),
            429 => SendResult.Failed($"{target} answered 429: more requests than it takes", Pause(answer, now)),
            _ => SendResult.Failed($"{target} answered {status}", Pause(answer, now)),
        };
    }

    public static SendResult Explain(string target, Exception e)
    {
        for (var inner = e; inner is not null; inner = inner.InnerException)
            if (inner is AddressRefusedException refused)
                return SendResult.Failed($"{target} is not sent to: {refused.Message}");
        var socket = e.InnerException as SocketException ?? e.InnerException?.InnerException as SocketException;
        return SendResult.Failed($"{target} " + ((e as HttpRequestException)?.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => "cannot be reached: its name is not known to the resolver",
            HttpRequestError.SecureConnectionError => "cannot be trusted: TLS failed; check that its certificate is valid, for this name, and of an authority this machine trusts",
            HttpRequestError.ConnectionError => $"cannot be reached: {Why(socket)}",
            HttpRequestError.ResponseEnded => "broke the connection off before it answered",
            HttpRequestError.ConfigurationLimitExceeded => "answered with more headers than are read",
            HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError => "did not answer in HTTP",
            _ => socket is null ? $"could not be sent to ({e.GetType().Name})" : $"broke off: {Why(socket)}",
        }));
    }

    public static SendResult Late(string target, TimeSpan limit) =>
        SendResult.Failed(string.Create(CultureInfo.InvariantCulture, $"{target} did not answer within {limit.TotalSeconds:0.###} s ('timeoutSeconds')"));

    private static string Why(SocketException? socket) => socket?.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "nothing listens there",
        SocketError.TimedOut => "no answer",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => "there is no way to it",
        SocketError.ConnectionReset => "it reset the connection",
        { } code => code.ToString(),
        null => "no answer",
    };

    /// <summary>Seconds or a date (RFC 9110, 10.2.3).</summary>
    private static TimeSpan? Pause(HttpResponseMessage answer, DateTimeOffset now)
    {
        var pause = answer.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - now
            // More seconds than the platform counts with.
            : answer.Headers.TryGetValues("Retry-After", out var values) && values.First() is { Length: > 0 } text && text.All(char.IsAsciiDigit) ? LongestPause
            : null;
        return pause is not { Ticks: > 0 } ? null : pause > LongestPause ? LongestPause : pause;
    }
}
