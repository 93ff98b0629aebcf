using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Callbacks;

namespace IntegrationHub.Connections.Declarative;

/// <summary>Verifies and understands callbacks as the manifest says, and reads what they are about.</summary>
internal sealed class DeclarativeCallbacks(CallbackPlan plan, IReadOnlyList<StreamPlan> streams, DeclarativeClient client, TimeProvider time)
{
    public CallbackAnswer Receive(CallbackRequest request)
    {
        var body = Document.TryParse(request.Body);
        if (Echo(request, body) is { } echo)
            return plan.Handshake!.IsSigned && Refusal(request, body) is { } unsigned ? CallbackAnswer.Refuse(unsigned)
                : plan.Handshake.Member is { } member ? CallbackAnswer.Handshake(JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { [member] = echo }), "application/json")
                : CallbackAnswer.Handshake(Encoding.UTF8.GetBytes(echo));
        if (Refusal(request, body) is { } refusal)
            return CallbackAnswer.Refuse(refusal);
        if (body is null)
            return CallbackAnswer.Refuse("the body is no JSON", 400);
        var events = new List<CallbackEvent>();
        foreach (var (index, kind) in plan.Events.Index().Where(e => e.Item.When is null || body.Holds(e.Item.When)))
        {
            if (Part(kind.Id, request, body) is not { Length: > 0 } id || body.Text(kind.Subject) is not { Length: > 0 } subject)
                return CallbackAnswer.Refuse("the event has no id or no subject", 400);
            var record = kind.Record is { } path ? body.Find(path) : -1;
            if (kind.Record is not null && record < 0)
                return CallbackAnswer.Refuse("the event has no record", 400);
            events.Add(new(CallbackChecks.EventId(id, index.ToString(System.Globalization.CultureInfo.InvariantCulture)), kind.Stream, subject, Keep(index, record < 0 ? default : body.Raw(record))));
        }

        return CallbackAnswer.Accept(events, plan.Answer, plan.AnswerType);
    }

    public async IAsyncEnumerable<StreamItem> ReadAsync(string stream, IReadOnlyList<CallbackEvent> events, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // The last word about each subject; what is asked for is its present state anyway.
        foreach (var last in events.GroupBy(e => e.Subject).Select(g => g.Last()))
        {
            var end = last.Body.Span.IndexOf((byte)'\n');
            var kind = plan.Events[int.Parse(last.Body.Span[..end], System.Globalization.CultureInfo.InvariantCulture)];
            yield return kind.IsDeletion ? new DeletedRecord(last.Subject)
                : kind.Read is null ? Record(stream, last, Document.Of(last.Body[(end + 1)..]), 0)
                : await AskAsync(kind, last, cancellationToken);
        }
    }

    private async Task<StreamItem> AskAsync(EventPlan kind, CallbackEvent told, CancellationToken cancellationToken)
    {
        Answer answer;
        try
        {
            answer = await client.SendAsync(kind.Read!, new Values(client.Settings).With("subject", told.Subject), cancellationToken);
        }
        catch (ConnectorException e) when (e.Kind == ConnectorErrorKind.BadRecord)
        {
            return new BadRecord($"callback about '{told.Stream}'", e.Message, default);
        }

        return kind.Answered is null ? Record(told.Stream, told, answer.Body, 0)
            : answer.Body.Find(kind.Answered) is >= 0 and var record ? Record(told.Stream, told, answer.Body, record)
            : new BadRecord($"callback about '{told.Stream}'", "the answer holds no record at the path of 'answered:'", default) { Id = told.Subject };
    }

    private StreamItem Record(string stream, CallbackEvent told, Document document, int record)
    {
        var plan = streams.First(s => s.Name == stream);
        var key = plan.KeyOf(document, record, out var isWhole);
        var body = document.Raw(record);
        return isWhole
            ? new ReadRequest(stream).Bounded(new(key, body) { ObservedAt = plan.ObservedFormat.Time(document.Text(plan.ObservedAt, record)) })
            : new BadRecord($"callback about '{stream}'", $"the record has no key at {string.Join(", ", plan.Key)}", body[..Math.Min(1024, body.Length)]) { Id = told.Subject, Length = body.Length };
    }

    private static ReadOnlyMemory<byte> Keep(int kind, ReadOnlyMemory<byte> record) => (byte[])[.. Encoding.ASCII.GetBytes($"{kind}\n"), .. record.Span];

    private string? Echo(CallbackRequest request, Document? body) => plan.Handshake is { } handshake && (handshake.When is null || (body is not null && body.Holds(handshake.When)))
        ? Part(handshake.Echo, request, body) is { Length: > 0 } echo ? echo : null
        : null;

    private static string? Part(CallbackPart part, CallbackRequest request, Document? body) =>
        part.Header is { } header ? request.Header(header) : part.Query is { } query ? request.Parameter(query) : part.Path is { } path ? body?.Text(path) : null;

    /// <summary>Why the request is not the vendor's, or <c>null</c> when it is.</summary>
    private string? Refusal(CallbackRequest request, Document? body)
    {
        var signature = plan.Signature;
        if (signature.Secret.Fill(client.Settings) is not { Length: > 0 } secret)
            return $"the setting that callbacks are verified with is not given ({string.Join(", ", signature.Secret.Placeholders)})";
        var (given, timestamp) = signature.Style == SignatureStyle.StandardWebhooks
            ? (request.Header("webhook-signature"), request.Header("webhook-timestamp"))
            : (Part(signature.Place, request, body), signature.Timestamp is { } part ? Part(part, request, body) : null);
        var isGenuine = signature.Style switch
        {
            SignatureStyle.Token => CallbackChecks.Matches(secret, given),
            SignatureStyle.StandardWebhooks => IsStandard(secret, request, timestamp, given),
            _ => given?.StartsWith(signature.Prefix, StringComparison.Ordinal) == true && IsHmac(signature, secret, request, timestamp, given[signature.Prefix.Length..]),
        };
        if (!isGenuine)
            return "the signature does not match";
        var isTimed = signature.Timestamp is not null || signature.Style == SignatureStyle.StandardWebhooks;
        return isTimed && !(signature.TimestampFormat.Time(timestamp) is { } sent && (sent - time.GetUtcNow()).Duration() <= signature.Tolerance) ? "the request is not of this time" : null;
    }

    private static bool IsHmac(SignaturePlan signature, string secret, CallbackRequest request, string? timestamp, string given)
    {
        // The body goes in as the bytes it is; a body that is no UTF-8 would not survive a text.
        var values = new Values().With("timestamp", timestamp).With("body", "\0");
        if (signature.Over!.Fill(values) is not { } text)
            return false;
        var signed = text.Split('\0').Select(Encoding.UTF8.GetBytes).Aggregate((before, after) => [.. before, .. request.Body.Span, .. after]);
        var mac = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed);
        return CallbackChecks.Matches(signature.IsBase64 ? Convert.ToBase64String(mac) : Convert.ToHexStringLower(mac), given, ignoreCase: !signature.IsBase64);
    }

    /// <summary>Standard Webhooks, symmetric: <c>v1,</c> and Base64 of HMAC-SHA256 over id, time and body; several signatures while keys change.</summary>
    private static bool IsStandard(string secret, CallbackRequest request, string? timestamp, string? given)
    {
        var key = new byte[secret.Length];
        var text = secret.StartsWith("whsec_", StringComparison.Ordinal) ? secret["whsec_".Length..] : secret;
        if (request.Header("webhook-id") is not { Length: > 0 } id || timestamp is null || given is null || !Convert.TryFromBase64String(text, key, out var length))
            return false;
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. request.Body.Span];
        var expected = "v1," + Convert.ToBase64String(HMACSHA256.HashData(key.AsSpan(0, length), signed));
        return given.Split(' ').Any(one => CallbackChecks.Matches(expected, one));
    }
}
