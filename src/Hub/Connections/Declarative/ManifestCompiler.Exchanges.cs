using IntegrationHub.Mapping.JsonPath;
using IntegrationHub.Sdk.Actions;
using IntegrationHub.Yaml;

namespace IntegrationHub.Connections.Declarative;

/// <summary>Callbacks and actions.</summary>
internal sealed partial class ManifestCompiler
{
    internal static readonly IReadOnlyDictionary<string, SignatureStyle> Signatures = new Dictionary<string, SignatureStyle>
    {
        ["hmac-sha256"] = SignatureStyle.HmacSha256,
        ["standard-webhooks"] = SignatureStyle.StandardWebhooks,
        ["token"] = SignatureStyle.Token,
    };

    private CallbackPlan? Callbacks(YamlNode? node, IReadOnlyList<string> streams)
    {
        if (YamlSection.Over(node, "callbacks", _diagnostics) is not { } callbacks)
            return null;
        var signature = Signature(callbacks.Require("signature"));
        var plan = new CallbackPlan
        {
            Signature = signature ?? new() { Style = SignatureStyle.Token, Secret = Template.Literal("") },
            Handshake = Handshake(callbacks.Get("handshake")),
            Answer = callbacks.Text("answer") ?? "",
            AnswerType = callbacks.Text("answerType") ?? "text/plain; charset=utf-8",
            Events = [.. callbacks.List("events").Select(e => Event(e, streams, signature)).OfType<EventPlan>()],
        };
        callbacks.Require("events");
        callbacks.Finish();
        return plan;
    }

    private SignaturePlan? Signature(YamlNode? node)
    {
        if (YamlSection.Over(node, "callbacks.signature", _diagnostics) is not { } section)
            return null;
        var style = Word(section, "style", Signatures, SignatureStyle.HmacSha256, required: true);
        var isHmac = style == SignatureStyle.HmacSha256;
        var signature = new SignaturePlan
        {
            Style = style,
            Secret = Text(section, "secret", _settings, required: true) ?? Template.Literal(""),
            Place = style == SignatureStyle.StandardWebhooks ? new() : Part(section, "callbacks.signature"),
            IsBase64 = section.Choice("encoding", Encoding.Hex) == Encoding.Base64,
            Prefix = section.Text("prefix") ?? "",
            Over = Text(section, "over", ["body", "timestamp"]) ?? (isHmac ? Compile("{body}", section.Node, ["body"]) : null),
            Timestamp = section.Get("timestamp") is { } time ? Part(YamlSection.Over(time, "callbacks.signature.timestamp", _diagnostics), "callbacks.signature.timestamp", finish: true) : null,
            TimestampFormat = Format(section, "format", "seconds"),
            Tolerance = Span(section, "tolerance", TimeSpan.FromMinutes(5)),
        };
        if (isHmac && !signature.Over!.Placeholders.Contains("body"))
            _diagnostics.Add(section.Get("over")!, "over: the body must be signed: use {body}");
        if (isHmac && signature.Over!.Placeholders.Contains("timestamp") && signature.Timestamp is null)
            _diagnostics.Add(section.Node, "callbacks.signature needs 'timestamp:', where {timestamp} of 'over:' stands");
        if (isHmac && signature.Timestamp is { Path: null } && !signature.Over!.Placeholders.Contains("timestamp"))
            _diagnostics.Add(section.Get("timestamp")!, "timestamp: it is not signed, so anybody could renew it; use {timestamp} in 'over:'");
        section.Finish();
        return signature;
    }

    private HandshakePlan? Handshake(YamlNode? node)
    {
        if (YamlSection.Over(node, "callbacks.handshake", _diagnostics) is not { } section)
            return null;
        var plan = new HandshakePlan
        {
            When = Condition(section.Get("when")),
            Echo = Part(section, "callbacks.handshake"),
            Member = section.Text("member"),
            IsSigned = section.Get("signed") is null || section.Flag("signed"),
        };
        section.Finish();
        return plan;
    }

    private EventPlan? Event(YamlNode node, IReadOnlyList<string> streams, SignaturePlan? signature)
    {
        if (YamlSection.Over(node, "an entry of callbacks.events", _diagnostics) is not { } section)
            return null;
        var stream = section.Text("stream", required: true) ?? "";
        if (section.Get("stream") is { } named && !streams.Contains(stream))
            _diagnostics.Add(named, $"unknown stream '{stream}'{NearestName.Hint(stream, streams)}");
        var (record, read, isDeletion) = (Path(section.Get("record")), section.Get("read"), section.Flag("deleted"));
        if ((record is null ? 0 : 1) + (read is null ? 0 : 1) + (isDeletion ? 1 : 0) != 1)
            _diagnostics.Add(node, "an entry of callbacks.events needs one of 'record:' (it is in the callback), 'read:' (it is asked for) and 'deleted: true'");
        var id = section.Get("id");
        var plan = new EventPlan
        {
            When = Condition(section.Get("when")),
            Stream = stream,
            Id = id is { Text: ['$', ..] } ? new() { Path = Path(id) } : id is not null ? new() { Header = id.Text }
                : signature?.Style == SignatureStyle.StandardWebhooks ? new() { Header = "webhook-id" }
                : Fault(node, "an entry of callbacks.events needs 'id:', the path or header of what is the same for every redelivery", new CallbackPart()),
            Subject = Path(section.Require("subject")) ?? Path("$"),
            Record = record,
            Read = Request(read, "read of an event", [.. _settings, "subject"]),
            Answered = Path(section.Get("answered")),
            IsDeletion = isDeletion,
        };
        section.Finish();
        return plan;
    }

    private CallbackPart Part(YamlSection? section, string what, bool finish = false)
    {
        if (section is null)
            return new();
        var part = new CallbackPart { Header = section.Text("header"), Query = section.Text("query"), Path = Path(section.Get("path")) };
        if ((part.Header is null ? 0 : 1) + (part.Query is null ? 0 : 1) + (part.Path is null ? 0 : 1) != 1)
            _diagnostics.Add(section.Node, $"{what}: expected one of 'header:', 'query:' and 'path:', where it stands");
        if (finish)
            section.Finish();
        return part;
    }

    private ActionPlan? Action(YamlNode key, YamlNode value)
    {
        if (!StreamName().IsMatch(key.Text))
            _diagnostics.Add(key, $"an action's name is lower-case letters, digits and _, found '{key.Text}'");
        if (YamlSection.Over(value, $"action '{key.Text}'", _diagnostics) is not { } action)
            return null;
        var fields = Fields(action.Map("input"), $"input of action '{key.Text}'", allowSecrets: false);
        var known = _settings.Concat(fields.Select(f => "input." + f.Name)).Append("key").ToArray();
        var request = Request(action.Require("request"), $"request of action '{key.Text}'", known) ?? Nowhere;
        foreach (var (name, _) in action.Map("input").Where(f => !request.Placeholders.Contains("input." + f.Key.Text)))
            _diagnostics.Add(name, $"input '{name.Text}' is used nowhere; use {{input.{name.Text}}} or leave it out");
        if (!action.Flag("repeatable") && !request.Placeholders.Contains("key"))
            _diagnostics.Add(value, $"action '{key.Text}': the hub repeats an action when its answer was lost, so the vendor must know it again: send {{key}} (such as the header Idempotency-Key), or say 'repeatable: true' where doing it twice is the same as once");
        var manifest = new ActionManifest
        {
            Name = key.Text,
            Description = action.Text("description", required: true) ?? "",
            Fields = fields,
            PersonalData = [.. action.List("personalData").Select(Paths).OfType<JsonPathQuery>().Select(p => p.ToString())],
        };
        var output = action.Map("output").Select(o => (o.Key.Text, Path: Path(o.Value))).Where(o => o.Path is not null).Select(o => KeyValuePair.Create(o.Text, o.Path!)).ToList();
        action.Finish();
        return new(manifest, request, output);
    }

    /// <summary>How a signature is written.</summary>
    internal enum Encoding
    {
        Hex,
        Base64,
    }
}
