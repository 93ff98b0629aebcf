using IntegrationHub.Delivery.Amqp;
using IntegrationHub.Delivery.Webhooks;
using IntegrationHub.Yaml;

namespace IntegrationHub.Delivery;

/// <summary>The kinds of destination there are; a new one is a folder and a line here.</summary>
internal static class SinkKinds
{
    public static ISinkOptions? Read(YamlSection sink, Diagnostics diagnostics)
    {
        var key = sink.Node.Members[0].Key;
        if (YamlSection.Over(sink.Get(key.Text), key.Text, diagnostics) is not { } section)
            return null;
        return key.Text switch
        {
            Subscription.Webhook => WebhookOptions.Read(section, diagnostics),
            Subscription.Amqp => AmqpOptions.Read(section, diagnostics),
            _ => Unknown(key, diagnostics),
        };
    }

    private static ISinkOptions? Unknown(YamlNode key, Diagnostics diagnostics)
    {
        string[] known = [Subscription.Webhook, Subscription.Amqp];
        diagnostics.Add(key, $"sink: there is no kind '{key.Text}'{NearestName.Hint(key.Text, known)}; expected {string.Join(" or ", known)}");
        return null;
    }
}
