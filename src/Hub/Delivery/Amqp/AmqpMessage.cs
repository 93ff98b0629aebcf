using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Amqp;
using Amqp.Framing;

namespace IntegrationHub.Delivery.Amqp;

/// <summary>
/// An event as an AMQP message (CloudEvents AMQP protocol binding 1.0.2). Beside the binding: <c>message-id</c> is the event's id (duplicate detection of Azure
/// Service Bus), <c>group-id</c> the entity's (sessions: one consumer at a time for each entity, in order), <c>subject</c> the type, for filters of brokers.
/// </summary>
internal static class AmqpMessage
{
    private const string Prefix = "cloudEvents:";

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static Message Write(OutboundEvent of, AmqpMode mode)
    {
        var message = new Message
        {
            Header = new Header { Durable = true },
            Properties = new Properties { MessageId = of.Id, Subject = of.Type, GroupId = of.Subject, ContentType = mode == AmqpMode.Binary ? "application/json" : "application/cloudevents+json; charset=utf-8" },
            BodySection = new Data { Buffer = mode == AmqpMode.Binary ? Over(of.Data) : Structured(of) },
        };
        if (mode == AmqpMode.Binary)
        {
            message.ApplicationProperties = new();
            foreach (var (name, value) in Attributes(of))
                message.ApplicationProperties[Prefix + name] = value;
        }

        return message;
    }

    /// <summary>All but <c>datacontenttype</c>. The time is a text, not AMQP's timestamp, which knows milliseconds only: every sink tells the same.</summary>
    private static IEnumerable<(string Name, string Value)> Attributes(OutboundEvent of) =>
    [
        ("specversion", "1.0"),
        ("id", of.Id),
        ("source", of.Source),
        ("type", of.Type),
        ("subject", of.Subject),
        ("time", of.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture)),
        .. of.Extensions(),
    ];

    private static ByteBuffer Structured(OutboundEvent of)
    {
        var buffer = new ArrayBufferWriter<byte>(of.Data.Length + 512);
        using (var json = new Utf8JsonWriter(buffer, Json))
        {
            json.WriteStartObject();
            foreach (var (name, value) in Attributes(of))
                json.WriteString(name, value);
            json.WriteString("datacontenttype", "application/json");
            json.WritePropertyName("data");
            json.WriteRawValue(of.Data.Span, skipInputValidation: true);
            json.WriteEndObject();
        }

        return Over(buffer.WrittenMemory);
    }

    private static ByteBuffer Over(ReadOnlyMemory<byte> bytes) => MemoryMarshal.TryGetArray(bytes, out var array)
        ? new(array.Array, array.Offset, array.Count, array.Count)
        : new(bytes.ToArray(), 0, bytes.Length, bytes.Length);
}
