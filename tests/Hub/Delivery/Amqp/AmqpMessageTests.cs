using System.Text;
using System.Text.Json;
using Amqp;
using Amqp.Framing;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.SystemTextJson;
using IntegrationHub.Delivery;
using IntegrationHub.Delivery.Amqp;

namespace IntegrationHub.Tests.Delivery.Amqp;

/// <summary>Messages as they come out of the wire format, read with the CloudEvents SDK.</summary>
public sealed class AmqpMessageTests
{
    [Fact]
    public void Binary_mode_is_a_valid_CloudEvent()
    {
        var sent = AmqpRig.Event("customer-7", 42) with { IsReplay = true };
        var message = Wire(sent, AmqpMode.Binary);
        Assert.Equal("application/json", (string)message.Properties.ContentType);
        Assert.True(sent.Data.Span.SequenceEqual(Assert.IsType<Data>(message.BodySection).Binary));
        Same(sent, Read(message.ApplicationProperties.Map.ToDictionary(p => (string)p.Key, p => (string)p.Value), (string)message.Properties.ContentType));
    }

    [Fact]
    public void Structured_mode_is_a_valid_CloudEvent()
    {
        var sent = AmqpRig.Event("customer-7", 42);
        var message = Wire(sent, AmqpMode.Structured);
        Assert.Equal("application/cloudevents+json; charset=utf-8", (string)message.Properties.ContentType);
        Assert.Null(message.ApplicationProperties);
        var read = new JsonEventFormatter().DecodeStructuredModeMessage(Assert.IsType<Data>(message.BodySection).Binary, new((string)message.Properties.ContentType), null);
        Same(sent, read);
        Assert.Equal(JsonSerializer.Serialize(JsonDocument.Parse(sent.Data)), JsonSerializer.Serialize((JsonElement)read.Data!));
    }

    [Theory]
    [InlineData(AmqpMode.Binary)]
    [InlineData(AmqpMode.Structured)]
    public void Id_entity_and_type_stand_where_brokers_look_for_them(AmqpMode mode)
    {
        var message = Wire(AmqpRig.Event("customer-7", 42), mode);
        Assert.Equal(("acme-42", "customer-7", "hub.customer.updated", true), (message.Properties.MessageId, message.Properties.GroupId, message.Properties.Subject, message.Header.Durable));
    }

    [Theory]
    [InlineData(AmqpMode.Binary)]
    [InlineData(AmqpMode.Structured)]
    public void Data_in_the_middle_of_an_array_is_taken_from_there(AmqpMode mode)
    {
        var array = Encoding.UTF8.GetBytes("garbage{\"a\":1}garbage");
        var message = Wire(AmqpRig.Event("customer-7", 42) with { Data = array.AsMemory(7, 7) }, mode);
        var body = Encoding.UTF8.GetString(Assert.IsType<Data>(message.BodySection).Binary);
        Assert.EndsWith(mode == AmqpMode.Binary ? "{\"a\":1}" : "\"data\":{\"a\":1}}", body, StringComparison.Ordinal);
        Assert.DoesNotContain("garbage", body, StringComparison.Ordinal);
    }

    /// <summary>A CloudEvent of the properties of a message, by the rules of the AMQP binding.</summary>
    internal static CloudEvent Read(IReadOnlyDictionary<string, string> properties, string contentType)
    {
        var read = new CloudEvent(CloudEventsSpecVersion.FromVersionId(properties["cloudEvents:specversion"])!) { DataContentType = contentType };
        foreach (var (name, value) in properties.Where(p => p.Key != "cloudEvents:specversion"))
        {
            Assert.StartsWith("cloudEvents:", name, StringComparison.Ordinal);
            read.SetAttributeFromString(name["cloudEvents:".Length..], value);
        }

        return read;
    }

    internal static void Same(OutboundEvent sent, CloudEvent read)
    {
        read.Validate();
        Assert.Equal((sent.Id, sent.Source, sent.Type, sent.Subject, sent.Time), (read.Id, read.Source?.ToString(), read.Type, read.Subject, read.Time));
        Assert.Equal("application/json", read.DataContentType);
        Assert.Equal(sent.Extensions().Order(), read.GetPopulatedAttributes().Where(a => a.Key.IsExtension).Select(a => (a.Key.Name, (string)a.Value)).Order());
    }

    private static Message Wire(OutboundEvent sent, AmqpMode mode) => Message.Decode(AmqpMessage.Write(sent, mode).Encode());
}
