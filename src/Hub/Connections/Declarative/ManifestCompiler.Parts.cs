using System.Globalization;
using IntegrationHub.Mapping.JsonPath;
using IntegrationHub.Yaml;

namespace IntegrationHub.Connections.Declarative;

/// <summary>The parts that sections are made of: templates, paths, numbers, spans, words, requests.</summary>
internal sealed partial class ManifestCompiler
{
    private static readonly string[] Methods = ["get", "post", "put", "patch", "delete"];

    /// <summary>Stands for a request that has faults.</summary>
    private static readonly RequestPlan Nowhere = new() { Method = HttpMethod.Get, Target = Template.Literal("") };

    private RequestPlan? Request(YamlNode? node, string what, IReadOnlyCollection<string> known)
    {
        if (YamlSection.Over(node, what, _diagnostics) is not { } request)
            return null;
        var methods = Methods.Where(m => request.Get(m) is not null).ToList();
        if (methods.Count != 1)
            _diagnostics.Add(request.Node, $"{what}: expected one of {string.Join(", ", Methods)}, with the path, such as 'get: contacts'");
        var plan = new RequestPlan
        {
            Method = new(methods.FirstOrDefault("get").ToUpperInvariant()),
            Target = methods.Count == 1 ? Text(request, methods[0], known)! : Template.Literal(""),
            Query = Texts(request, "query", known),
            Headers = Texts(request, "headers", known),
            Json = request.Get("json") is { } json ? Body(json, known) : null,
            Form = request.Get("form") is null ? null : Texts(request, "form", known),
        };
        if (plan is { Json: not null, Form: not null })
            _diagnostics.Add(request.Node, $"{what}: expected 'json:' or 'form:', found both");
        if (methods is ["get"] && (plan.Json is not null || plan.Form is not null))
            _diagnostics.Add(request.Node, $"{what}: a get has no body");
        request.Finish();
        return plan;
    }

    private IReadOnlyList<KeyValuePair<string, Template>> Texts(YamlSection section, string name, IReadOnlyCollection<string> known) =>
        [.. section.Map(name).Select(m => KeyValuePair.Create(m.Key.Text, Text(m.Value, known)))];

    private BodyPlan Body(YamlNode node, IReadOnlyCollection<string> known) => node switch
    {
        { Kind: YamlKind.Map } => new BodyPlan.Map([.. node.Members.Select(m => KeyValuePair.Create(m.Key.Text, Body(m.Value, known)))]),
        { Kind: YamlKind.List } => new BodyPlan.List([.. node.Items.Select(i => Body(i, known))]),
        { IsNull: true } => new BodyPlan.Literal("null"),
        { AsBoolean: { } flag } => new BodyPlan.Literal(flag ? "true" : "false"),
        { IsNumber: true } => new BodyPlan.Literal(node.Text),
        _ => new BodyPlan.Text(Text(node, known)),
    };

    private Template? Text(YamlSection section, string name, IReadOnlyCollection<string> known, bool required = false) =>
        (required ? section.Require(name) : section.Get(name)) is { } node ? Text(node, known) : null;

    private Template Text(YamlNode node, IReadOnlyCollection<string> known)
    {
        if (node.Kind != YamlKind.Scalar)
        {
            _diagnostics.Add(node, $"expected a text, found {node}{(node.Kind == YamlKind.Map ? "; a text that begins with a placeholder stands in quotes: \"{...}\"" : "")}");
            return Template.Literal("");
        }

        var template = Template.Compile(node, known, _diagnostics);
        _used.UnionWith(template.Placeholders);
        return template;
    }

    private Template Compile(string text, YamlNode at, IReadOnlyCollection<string> known) => Template.Compile(YamlNode.Scalar(text, at), known, _diagnostics);

    private static JsonPathQuery Path(string text) => JsonPathQuery.Parse(text);

    /// <summary>A path to one value.</summary>
    private JsonPathQuery? Path(YamlNode? node)
    {
        if (Paths(node) is not { } path)
            return null;
        if (!path.IsSingular)
            _diagnostics.Add(node!, $"expected a path to one value, such as $.data.id, found {node}");
        return path;
    }

    private JsonPathQuery? Paths(YamlNode? node)
    {
        if (node is null)
            return null;
        if (node.Kind != YamlKind.Scalar)
            return Fault<JsonPathQuery?>(node, $"expected a JSONPath such as $.data.id, found {node}", null);
        if (!JsonPathQuery.TryParse(node.Text, out var path, out var error))
            _diagnostics.Add(node, error.Column - 1, error.Message);
        return path;
    }

    private JsonPathCondition? Condition(YamlNode? node)
    {
        if (node is null)
            return null;
        if (JsonPathCondition.TryParse(node.Text, out var condition, out var error))
            return condition;
        _diagnostics.Add(node, error.Column - 1, error.Message);
        return null;
    }

    private ValueFormat Format(YamlSection section, string name, string usual = "iso", bool allowNumber = false)
    {
        var format = section.Text(name) ?? usual;
        var zone = TimeSpan.Zero;
        if (section.Text("zone") is { } offset && !TimeSpan.TryParse(offset.TrimStart('+'), CultureInfo.InvariantCulture, out zone))
            _diagnostics.Add(section.Get("zone")!, $"zone: expected an offset such as +08:00, found '{offset}'");
        if (!ValueFormat.IsFormat(format) || (format == "number" && !allowNumber))
        {
            var known = ValueFormat.Names.Where(n => allowNumber || n != "number");
            _diagnostics.Add(section.Get(name)!, $"{name}: expected {string.Join(", ", known)} or a pattern such as MM/dd/yyyy, found '{format}'{NearestName.Hint(format, known)}");
            format = "iso";
        }

        return new(format, zone);
    }

    private long Number(YamlSection section, string name, long usual, long least = long.MinValue, long most = long.MaxValue)
    {
        if (section.Get(name) is not { } node)
            return usual;
        if (long.TryParse(node.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            return number;
        return Fault(node, $"{name}: expected a whole number{(least > long.MinValue ? $" from {least} to {most}" : "")}, found {node}", usual);
    }

    private TimeSpan Span(YamlSection section, string name, TimeSpan usual)
    {
        if (section.Get(name) is not { } node)
            return usual;
        if (node.Text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(node.Text, CultureInfo.InvariantCulture, out var span) && span >= TimeSpan.Zero)
            return span;
        return Fault(node, $"{name}: expected a span of time such as 00:10:00 or 30.00:00:00 (days first), found {node}", usual);
    }

    private T Word<T>(YamlSection section, string name, IReadOnlyDictionary<string, T> words, T usual, bool required = false)
    {
        if ((required ? section.Require(name) : section.Get(name)) is not { } node)
            return usual;
        return words.TryGetValue(node.Text, out var word) ? word : Fault(node, $"{name}: {node} is not one of {string.Join(", ", words.Keys)}{NearestName.Hint(node.Text, words.Keys)}", usual);
    }

    private static IEnumerable<YamlNode> OneOrMore(YamlSection section, string name) => section.Get(name) switch
    {
        null => [],
        { Kind: YamlKind.List } list => list.Items,
        var one => [one],
    };

    private T Fault<T>(YamlNode at, string message, T instead)
    {
        _diagnostics.Add(at, message);
        return instead;
    }
}
