using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IntegrationHub.Yaml;

/// <summary>YAML as JSON, by the YAML 1.2 core schema; number texts are kept.</summary>
public static class YamlJson
{
    public static string Write(YamlNode node)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            Write(node, writer);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Write(YamlNode node, Utf8JsonWriter writer)
    {
        switch (node.Kind)
        {
            case YamlKind.List:
                writer.WriteStartArray();
                foreach (var item in node.Items)
                    Write(item, writer);
                writer.WriteEndArray();
                break;
            case YamlKind.Map:
                writer.WriteStartObject();
                foreach (var (key, value) in node.Members)
                {
                    writer.WritePropertyName(key.Text);
                    Write(value, writer);
                }

                writer.WriteEndObject();
                break;
            default:
                if (node.IsNull)
                    writer.WriteNullValue();
                else if (node.AsBoolean is { } flag)
                    writer.WriteBooleanValue(flag);
                else if (node.IsNumber)
                    writer.WriteRawValue(node.Text);
                else
                    writer.WriteStringValue(node.Text);
                break;
        }
    }
}
