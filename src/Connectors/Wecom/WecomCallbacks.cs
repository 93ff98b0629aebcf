using System.Runtime.CompilerServices;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Callbacks;
using IntegrationHub.Sdk.Reading;

namespace IntegrationHub.Connectors.Wecom;

/// <summary>
/// Receives the app's events: the test of the address, and changes of contacts, groups, tags, employees and approvals. An event only says what to look at; the present
/// state is read from WeCom afterwards.
/// </summary>
internal sealed class WecomCallbacks(WecomOptions options, WecomReader reader, TimeProvider time)
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(10);

    private readonly WecomCrypto? _crypto = options.CallbackToken is { } token ? new(token, options.EncodingAesKey!, options.CorpId) : null;

    public CallbackAnswer Receive(CallbackRequest request)
    {
        if (_crypto is null)
            return CallbackAnswer.Refuse("no 'callbackToken' and 'encodingAesKey' are set for this connection", 403);
        var handshake = request.Parameter("echostr");
        if ((handshake ?? Encrypted(request.Body)) is not { } encrypted)
            return CallbackAnswer.Refuse("there is nothing encrypted in it", 400);
        var (timestamp, nonce) = (request.Parameter("timestamp") ?? "", request.Parameter("nonce") ?? "");
        if (!CallbackChecks.Matches(_crypto.Sign(timestamp, nonce, encrypted), request.Parameter("msg_signature")))
            return CallbackAnswer.Refuse("the signature does not match");
        if (!CallbackChecks.IsRecent(timestamp, inMilliseconds: false, time.GetUtcNow(), Tolerance))
            return CallbackAnswer.Refuse("the request is not of this time");
        if (_crypto.Decrypt(encrypted) is not { } message)
            return CallbackAnswer.Refuse("it does not decrypt to a message for 'corpId'", 400);
        if (handshake is not null)
            return CallbackAnswer.Handshake(message);
        return Parse(message) is { } xml ? CallbackAnswer.Accept([.. Events(xml, message)], "success") : CallbackAnswer.Refuse("the message is no XML", 400);
    }

    public async IAsyncEnumerable<StreamItem> ReadAsync(string stream, IReadOnlyList<CallbackEvent> events, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ReadRequest(stream);
        if (stream is "tags" or "departments")
        {
            // Both are short lists that are read at once.
            await foreach (var item in reader.ReadAsync(request, cancellationToken).ConfigureAwait(false))
                yield return item;
            yield break;
        }

        await foreach (var item in Concurrently.InOrderAsync(events.Select(e => e.Subject).Distinct(StringComparer.Ordinal), WecomClient.AtOnce, (subject, cancel) => stream switch
        {
            "external_contacts" => reader.ContactAsync(request, subject, cancel),
            "employees" => reader.EmployeeAsync(request, subject, cancel),
            "customer_groups" => reader.GroupAsync(request, subject, cancel),
            _ => reader.ApprovalAsync(request, subject, cancel),
        }, cancellationToken).ConfigureAwait(false))
            yield return item;
    }

    /// <summary>What an event concerns; those that concern no stream are answered and dropped.</summary>
    private static IEnumerable<CallbackEvent> Events(XElement xml, byte[] message)
    {
        string? Field(string name) => xml.Element(name)?.Value;
        var (stream, subject) = (Field("Event"), Field("ChangeType")) switch
        {
            ("change_external_contact", _) => ("external_contacts", Field("ExternalUserID")),
            ("change_external_chat", "dismiss") => ("", null),
            ("change_external_chat", _) => ("customer_groups", Field("ChatId")),
            ("change_external_tag", _) => ("tags", Field("Id")),
            ("change_contact", "create_party" or "update_party" or "delete_party") => ("departments", Field("Id")),
            ("change_contact", _) => ("employees", Field("NewUserID") ?? Field("UserID")),
            ("sys_approval_change", _) => ("approvals", xml.Element("ApprovalInfo")?.Element("SpNo")?.Value),
            _ => ("", null),
        };
        if (stream.Length > 0 && !string.IsNullOrEmpty(subject))
            // Redeliveries are encrypted anew; their content is the same. A message of its own has no number of its own.
            yield return new(CallbackChecks.EventId(Encoding.UTF8.GetString(message)), stream, subject, default);
    }

    private static string? Encrypted(ReadOnlyMemory<byte> body) => Parse(body.ToArray())?.Element("Encrypt")?.Value;

    private static XElement? Parse(byte[] xml)
    {
        try
        {
            using var source = XmlReader.Create(new MemoryStream(xml), new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = 1_000_000 });
            return XElement.Load(source);
        }
        catch (XmlException)
        {
            return null;
        }
    }
}
