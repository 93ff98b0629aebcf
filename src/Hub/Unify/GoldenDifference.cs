using System.Text;
using System.Text.Json;
using IntegrationHub.Json;
using IntegrationHub.Model;
using IntegrationHub.Storage;

namespace IntegrationHub.Unify;

/// <summary>Two states of a golden entity and what differs between them. One instance per thread: it keeps its memory.</summary>
public sealed class GoldenDifference
{
    private static readonly JsonLimits Limits = new() { MaxDepth = JsonLimits.HighestDepth };

    private readonly JsonTape _before = new();
    private readonly JsonTape _after = new();
    private readonly Utf8Output _output = new();
    private readonly StringBuilder _text = new();

    /// <summary>Takes the two states to compare; either may be empty. Their bytes must not change while they are looked at.</summary>
    public void Read(byte[] before, byte[] after)
    {
        Parse(_before, before);
        Parse(_after, after);
    }

    /// <summary>
    /// As the change feed tells it: <c>{"fields":{"name":{"before":…,"after":…}},"links":{…},"other":"customer-7"}</c>; a side that has no value is left out.
    /// </summary>
    /// <param name="type">The entity's type.</param>
    /// <param name="other">The entity merged into or split from.</param>
    public byte[] Write(EntityType type, string? other)
    {
        var (old, now) = (Root(_before), Root(_after));
        _output.Clear();
        _output.Write("{\"fields\":{"u8);
        var first = true;
        for (var i = 0; i < type.Fields.Count; i++)
            Compare(type.FieldKeys[i], type.Fields[i].JsonName, old, now, ref first);
        _output.WriteByte((byte)'}');
        var (oldLinks, newLinks) = (Find(_before, old, "links"u8), Find(_after, now, "links"u8));
        if (oldLinks >= 0 || newLinks >= 0)
        {
            var start = _output.Length;
            _output.Write(",\"links\":{"u8);
            first = true;
            for (var i = 0; i < type.Links.Count; i++)
                Compare(type.LinkKeys[i], type.LinkJsonNames[i], oldLinks, newLinks, ref first);
            if (first)
                _output.Truncate(start);
            else
                _output.WriteByte((byte)'}');
        }

        if (other is not null)
        {
            _output.Write(",\"other\":"u8);
            _output.Write(JsonSerializer.SerializeToUtf8Bytes(other));
        }

        _output.WriteByte((byte)'}');
        return _output.Written.ToArray();
    }

    /// <summary>The texts to find the later state by.</summary>
    public string SearchText(EntityType type)
    {
        if (_after.Count == 0)
            return "";
        _text.Clear();
        foreach (var name in type.SearchedKeys)
            if (_after.Find(0, name) is var node and >= 0)
                Append(node);
        return Storage.SearchText.Index(_text.ToString());
    }

    /// <summary>The links that came and those that went.</summary>
    public (IReadOnlyList<LinkRow> Added, IReadOnlyList<LinkRow> Removed) Links(long entity, EntityBinding binding, Bindings bindings)
    {
        var before = ContributionDocument.Links(_before, entity, binding, bindings);
        var after = ContributionDocument.Links(_after, entity, binding, bindings);
        if (before.Count + after.Count == 0)
            return ([], []);
        return (before.Count == 0 ? [.. after.Distinct()] : [.. after.Except(before)], after.Count == 0 ? [.. before.Distinct()] : [.. before.Except(after)]);
    }

    private void Append(int node)
    {
        if (_after[node].Kind == JsonKind.String)
            _text.Append(_after.GetText(node)).Append(' ');
        else if (_after[node].Kind == JsonKind.Array)
            foreach (var element in _after.Children(node))
                Append(element);
    }

    private void Compare(in JsonName name, byte[] jsonName, int before, int after, ref bool first)
    {
        var old = before < 0 ? -1 : _before.Find(before, name);
        var now = after < 0 ? -1 : _after.Find(after, name);
        if (old < 0 && now < 0)
            return;
        // Golden JSON is canonical, so equal values have equal bytes.
        if (old >= 0 && now >= 0 && _before[old].Kind == _after[now].Kind && _before.Raw(old).SequenceEqual(_after.Raw(now)))
            return;
        if (!first)
            _output.WriteByte((byte)',');
        first = false;
        _output.Write(jsonName);
        _output.WriteByte((byte)'{');
        if (old >= 0)
        {
            _output.Write("\"before\":"u8);
            _before.WriteTo(old, _output);
        }

        if (now >= 0)
        {
            _output.Write(old >= 0 ? ",\"after\":"u8 : "\"after\":"u8);
            _after.WriteTo(now, _output);
        }

        _output.WriteByte((byte)'}');
    }

    private static int Root(JsonTape tape) => tape.Count > 0 ? 0 : -1;

    private static int Find(JsonTape tape, int owner, ReadOnlySpan<byte> name) => owner < 0 ? -1 : tape.Find(owner, name);

    private static void Parse(JsonTape tape, byte[] body)
    {
        if (body.Length == 0)
        {
            tape.Clear();
            return;
        }

        var parsed = tape.Parse(body, Limits);
        if (!parsed.IsOk)
            throw new InvalidOperationException("golden JSON cannot be read: " + parsed);
    }
}
