using System.Globalization;
using System.Text;
using IntegrationHub.Mapping.JsonPath;
using IntegrationHub.Model;
using IntegrationHub.Yaml;

namespace IntegrationHub.Delivery;

/// <summary>Reads subscriptions from <c>hub.yaml</c> and from bodies of the API, which are JSON and so YAML.</summary>
internal static class SubscriptionReader
{
    public static readonly string[] Kinds = ["created", "updated", "merged", "split", "deleted", "erased"];

    /// <summary>Reports every fault; <c>null</c> when there are any.</summary>
    public static Subscription? Read(string name, YamlNode node, bool isConfigured, EntityModel model, Diagnostics diagnostics)
    {
        var before = diagnostics.All.Count;
        if (YamlSection.Over(node, $"subscription '{name}'", diagnostics) is not { } section)
            return null;
        if (!IsName(name))
            diagnostics.Add(node, $"subscription name '{name}': expected 1 to 64 lower-case letters, digits, - and _");
        var filter = Filter(section, model, diagnostics);
        var start = Start(section, diagnostics);
        var purpose = section.Text("purpose");
        var legalBasis = section.Text("legalBasis");
        var region = section.Text("region");
        var sink = Sink(section, diagnostics);
        section.Finish();
        return diagnostics.All.Count > before || sink is null ? null : new()
        {
            Name = name,
            IsConfigured = isConfigured,
            Filter = filter,
            Purpose = purpose,
            LegalBasis = legalBasis,
            Region = region,
            Start = start,
            Sink = sink,
            Json = YamlJson.Write(node),
        };
    }

    public static bool IsName(string name) => name.Length is > 0 and <= 64 && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_');

    /// <summary>The members <c>entities</c>, <c>kinds</c>, <c>changed</c>, <c>when</c> and <c>fields</c>, which rules have, too.</summary>
    public static ChangeFilter Filter(YamlSection section, EntityModel model, Diagnostics diagnostics)
    {
        var entities = Known(section, "entities", [.. model.Entities.Select(e => e.Name)], "entity", diagnostics);
        var types = model.Entities.Where(e => entities is null || entities.Contains(e.Name)).ToList();
        string[] fields = [.. types.SelectMany(t => t.Fields.Select(f => f.Name).Concat(t.Links.Select(l => l.Name))).Distinct()];
        JsonPathCondition? when = null;
        if (section.Text("when") is { } text && !JsonPathCondition.TryParse(text, out when, out var error))
            diagnostics.Add(section.Get("when")!, error.Column - 1, $"when: {error.Message}");
        return new()
        {
            Entities = entities,
            Kinds = Known(section, "kinds", Kinds, "kind of change", diagnostics),
            Changed = Known(section, "changed", fields, "field", diagnostics),
            Fields = Known(section, "fields", fields, "field", diagnostics),
            When = when,
        };
    }

    private static HashSet<string>? Known(YamlSection section, string member, string[] known, string what, Diagnostics diagnostics)
    {
        if (section.Get(member) is not { } node)
            return null;
        var names = section.Texts(member);
        for (var i = 0; i < names.Count; i++)
            if (!known.Contains(names[i], StringComparer.Ordinal))
                diagnostics.Add(node.Items.ElementAtOrDefault(i) ?? node, $"{member}: there is no {what} '{names[i]}'{NearestName.Hint(names[i], known)}");
        if (names.Count == 0 && node.Kind == YamlKind.List)
            diagnostics.Add(node, $"{member}: an empty list would let nothing through; leave '{member}' out for all");
        return names.ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>The same for names that stand in no file.</summary>
    public static void CheckNames(string member, IReadOnlyList<string>? names, string[] known, string what, Diagnostics diagnostics)
    {
        foreach (var name in names ?? [])
            if (!known.Contains(name, StringComparer.Ordinal))
                diagnostics.Add(1, 1, $"{member}: there is no {what} '{name}'{NearestName.Hint(name, known)}");
    }

    public static SubscriptionStart Start(YamlSection section, Diagnostics diagnostics)
    {
        switch (section.Text("start"))
        {
            case null or "now":
                return new(StartKind.Now, 0);
            case "beginning":
                return new(StartKind.Beginning, 0);
            case var text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence):
                return new(StartKind.Sequence, sequence);
            case var text when Rfc3339.TryRead(Encoding.UTF8.GetBytes(text), out var time):
                return new(StartKind.Time, time);
            default:
                diagnostics.Add(section.Get("start")!, "start: expected now, beginning, a sequence of the change feed or a time such as 2026-01-01T00:00:00Z");
                return default;
        }
    }

    private static ISinkOptions? Sink(YamlSection section, Diagnostics diagnostics)
    {
        if (section.Require("sink") is not { } node || YamlSection.Over(node, "sink", diagnostics) is not { } sink)
            return null;
        if (node.Members.Count != 1)
        {
            diagnostics.Add(node, $"sink: expected one of {Subscription.Webhook}: and {Subscription.Amqp}:");
            return null;
        }

        var read = SinkKinds.Read(sink, diagnostics);
        sink.Finish();
        return read;
    }
}
