using IntegrationHub.Yaml;

namespace IntegrationHub.Delivery;

/// <summary>The kinds of destination there are; a new one is a folder and a line here.</summary>
internal static class SinkKinds
{
    public static ISinkOptions? Read(YamlSection sink, Diagnostics diagnostics) => sink.Node.Members[0].Key.Text switch
    {
        _ => Unknown(sink, diagnostics),
    };

    private static ISinkOptions? Unknown(YamlSection sink, Diagnostics diagnostics)
    {
        var key = sink.Node.Members[0].Key;
        sink.Get(key.Text);
        string[] known = [Subscription.Webhook, Subscription.Amqp];
        diagnostics.Add(key, $"sink: there is no kind '{key.Text}'{NearestName.Hint(key.Text, known)}; expected {string.Join(" or ", known)}");
        return null;
    }
}
