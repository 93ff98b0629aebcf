using System.Text;
using System.Text.Json;
using IntegrationHub.Json;
using IntegrationHub.Model;

namespace IntegrationHub.Unify;

/// <summary>What differs between two states of a golden entity, as the change feed tells it.</summary>
public static class GoldenDifference
{
    /// <summary>
    /// <c>{"fields":{"name":{"before":…,"after":…}},"links":{…},"other":"customer-7"}</c>; a side that has no value is left out. Either body may be empty.
    /// </summary>
    /// <param name="type">The entity's type.</param>
    /// <param name="before">Golden body before, or empty.</param>
    /// <param name="after">Golden body after, or empty.</param>
    /// <param name="other">The entity merged into or split from.</param>
    public static byte[] Write(EntityType type, byte[] before, byte[] after, string? other)
    {
        var old = Parse(before);
        var now = Parse(after);
        var output = new Utf8Output();
        output.Write("{\"fields\":{"u8);
        var first = true;
        foreach (var field in type.Fields)
            Compare(Encoding.UTF8.GetBytes(field.Name), field.JsonName, old, 0, now, 0, output, ref first);
        output.WriteByte((byte)'}');
        var oldLinks = old is null ? -1 : old.Find(0, "links"u8);
        var newLinks = now is null ? -1 : now.Find(0, "links"u8);
        if (oldLinks >= 0 || newLinks >= 0)
        {
            var start = output.Length;
            output.Write(",\"links\":{"u8);
            first = true;
            foreach (var link in type.Links)
                Compare(Encoding.UTF8.GetBytes(link.Name), Encoding.UTF8.GetBytes($"\"{link.Name}\":"), old, oldLinks, now, newLinks, output, ref first);
            if (first)
                output.Truncate(start);
            else
                output.WriteByte((byte)'}');
        }

        if (other is not null)
        {
            output.Write(",\"other\":"u8);
            output.Write(JsonSerializer.SerializeToUtf8Bytes(other));
        }

        output.WriteByte((byte)'}');
        return output.Written.ToArray();
    }

    /// <summary>The texts to find an entity by.</summary>
    public static string SearchText(EntityType type, byte[] body)
    {
        var tape = Parse(body);
        if (tape is null)
            return "";
        var text = new StringBuilder();
        foreach (var field in type.Fields.Where(f => f.Searched || f.Name == type.Label))
            if (tape.Find(0, Encoding.UTF8.GetBytes(field.Name)) is var node and >= 0)
                Append(tape, node, text);
        return Storage.SearchText.Index(text.ToString());
    }

    private static void Append(JsonTape tape, int node, StringBuilder text)
    {
        if (tape[node].Kind == JsonKind.String)
            text.Append(tape.GetText(node)).Append(' ');
        else if (tape[node].Kind == JsonKind.Array)
            foreach (var element in tape.Children(node))
                Append(tape, element, text);
    }

    private static void Compare(byte[] name, byte[] jsonName, JsonTape? before, int beforeNode, JsonTape? after, int afterNode, Utf8Output output, ref bool first)
    {
        var old = before is null || beforeNode < 0 ? -1 : before.Find(beforeNode, name);
        var now = after is null || afterNode < 0 ? -1 : after.Find(afterNode, name);
        if (old < 0 && now < 0)
            return;
        // Golden JSON is canonical, so equal values have equal bytes.
        if (old >= 0 && now >= 0 && before![old].Kind == after![now].Kind && before.Raw(old).SequenceEqual(after.Raw(now)))
            return;
        if (!first)
            output.WriteByte((byte)',');
        first = false;
        output.Write(jsonName);
        output.WriteByte((byte)'{');
        if (old >= 0)
        {
            output.Write("\"before\":"u8);
            before!.WriteTo(old, output);
        }

        if (now >= 0)
        {
            output.Write(old >= 0 ? ",\"after\":"u8 : "\"after\":"u8);
            after!.WriteTo(now, output);
        }

        output.WriteByte((byte)'}');
    }

    private static JsonTape? Parse(byte[] body)
    {
        if (body.Length == 0)
            return null;
        var tape = new JsonTape();
        var parsed = tape.Parse(body, new() { MaxDepth = JsonLimits.HighestDepth });
        return parsed.IsOk ? tape : throw new InvalidOperationException("golden JSON cannot be read: " + parsed);
    }
}
