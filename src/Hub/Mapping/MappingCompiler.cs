using System.Text;
using IntegrationHub.Json;
using IntegrationHub.Mapping.Functions;
using IntegrationHub.Mapping.JsonPath;
using IntegrationHub.Model;
using IntegrationHub.Yaml;

namespace IntegrationHub.Mapping;

/// <summary>Turns the text of a mapping file into a plan, reporting all its faults at once.</summary>
public sealed class MappingCompiler
{
    private static readonly string[] Operators = ["$first", "$template", "$each", "$when", "$literal"];

    private readonly EntityModel _model;
    private readonly IReadOnlyDictionary<string, FunctionSpec> _functions;
    private readonly Diagnostics _diagnostics;
    private readonly List<Rule> _rules = [];
    private readonly JsonOutline.Draft _outline = new();
    private readonly FirstCalls _calls = new();

    private MappingCompiler(EntityModel model, IReadOnlyDictionary<string, FunctionSpec> functions, Diagnostics diagnostics)
    {
        _model = model;
        _functions = functions;
        _diagnostics = diagnostics;
    }

    /// <exception cref="InvalidFileException">With every fault of the file.</exception>
    public static MappingPlan Compile(string file, string text, EntityModel model, IReadOnlyDictionary<string, FunctionSpec> functions)
    {
        var compiler = new MappingCompiler(model, functions, new(file));
        var plan = compiler.File(text);
        compiler._diagnostics.ThrowIfAny();
        return plan!;
    }

    /// <summary>Compiles a value that is built from a document, in the language of a mapping's fields; faults go to the diagnostics.</summary>
    public static JsonShape? CompileShape(YamlNode node, EntityModel model, IReadOnlyDictionary<string, FunctionSpec> functions, Diagnostics diagnostics)
    {
        var compiler = new MappingCompiler(model, functions, diagnostics);
        return compiler.Value(node, null, inside: false, []) is { } expression ? new(expression, compiler._outline.Build()) : null;
    }

    private MappingPlan? File(string text)
    {
        if (YamlSection.Over(YamlNode.Parse(text, _diagnostics), "a mapping file", _diagnostics) is not { } section)
            return null;
        var source = section.Text("source", required: true) ?? "";
        var parts = source.Split('/');
        if (parts.Length != 2 || parts.Any(string.IsNullOrWhiteSpace))
            _diagnostics.Add(section.Get("source") ?? section.Node, $"source: expected CONNECTOR/STREAM such as ocds/processes, found '{source}'");
        section.Text("description");
        section.Require("contributes");
        var contributions = section.List("contributes").Select(Contribution).OfType<ContributionPlan>().ToArray();
        if (contributions.Length == 0)
            _diagnostics.Add(section.Get("contributes") ?? section.Node, "contributes: expected at least one entry");
        var tests = section.List("tests").Select(Test).OfType<MappingTest>().ToList();
        section.Finish();
        return new(_diagnostics.File, text, parts[0], parts.ElementAtOrDefault(1) ?? "", contributions, _outline.Build(), _rules, tests);
    }

    private ContributionPlan? Contribution(YamlNode node)
    {
        if (YamlSection.Over(node, "an entry of 'contributes:'", _diagnostics) is not { } section)
            return null;
        var name = section.Text("entity", required: true) ?? "";
        var entity = _model.Find(name);
        if (entity is null)
        {
            if (name.Length > 0)
                _diagnostics.Add(section.Get("entity")!, $"unknown entity '{name}'{NearestName.Hint(name, _model.Entities.Select(e => e.Name))}");
            return null;
        }

        var each = Path(section.Get("each"), insideEach: false);
        var inside = section.Get("each") is not null;
        var plan = new ContributionPlan
        {
            Entity = entity,
            When = Condition(section.Get("when")),
            Each = each,
            Key = Rule(section.Require("key"), $"{name}.key", inside, single: true)!,
            ObservedAt = Rule(section.Get("observedAt"), $"{name}.observedAt", inside, single: true),
            Identity = [.. section.Map("identity").Select(i => Identity(entity, i.Key, i.Value, $"{name}.identity.{i.Key.Text}", inside)).OfType<IdentityPlan>()],
            Fields = [.. section.Map("fields").Select(f => Field(entity, f.Key, f.Value, inside)).OfType<(FieldType, RuleExpression)>()],
            Links = [.. section.Map("links").Select(l => Link(entity, l.Key, l.Value, inside)).OfType<LinkPlan>()],
            Opening = Encoding.UTF8.GetBytes($"{{\"entity\":\"{name}\",\"key\":"),
        };
        section.Finish();
        return plan;
    }

    private IdentityPlan? Identity(EntityType entity, YamlNode key, YamlNode value, string name, bool inside)
    {
        if (entity.IdentityKind(key.Text) is not { } kind)
        {
            _diagnostics.Add(key, $"unknown identity kind '{key.Text}' of {entity}{NearestName.Hint(key.Text, entity.Identity.Select(k => k.Name))}");
            return null;
        }

        return Rule(value, name, inside, single: false) is { } rule
            ? new(kind, Encoding.UTF8.GetBytes($"\"{kind.Name}\":["), Encoding.UTF8.GetBytes($"\"{kind.Name}?\":["), rule)
            : null;
    }

    private (FieldType, RuleExpression)? Field(EntityType entity, YamlNode key, YamlNode value, bool inside)
    {
        if (entity.Field(key.Text) is not { } field)
        {
            _diagnostics.Add(key, $"unknown field '{key.Text}' of {entity}{NearestName.Hint(key.Text, entity.Fields.Select(f => f.Name))}");
            return null;
        }

        var name = $"{entity}.fields.{key.Text}";
        var paths = new List<string>();
        if (Value(value, field, inside, paths) is not { } expression)
            return null;
        CheckType(value, field, expression, name);
        return (field, Rule(name, paths, value, expression));
    }

    private LinkPlan? Link(EntityType entity, YamlNode key, YamlNode value, bool inside)
    {
        if (entity.Link(key.Text) is not { } link)
        {
            _diagnostics.Add(key, $"unknown link '{key.Text}' of {entity}{NearestName.Hint(key.Text, entity.Links.Select(l => l.Name))}");
            return null;
        }

        if (YamlSection.Over(value, $"link '{key.Text}'", _diagnostics) is not { } section)
            return null;
        var target = _model.Find(link.Entity)!;
        var each = Path(section.Get("each"), inside);
        if (each is not null && !link.Many)
            _diagnostics.Add(section.Get("each")!, $"link '{link.Name}' leads to one {link.Entity}, but 'each:' can give several");
        var within = inside || each is not null;
        var name = $"{entity}.links.{key.Text}";
        var identity = section.Map("identity").Select(i => Identity(target, i.Key, i.Value, $"{name}.{i.Key.Text}", within)).OfType<IdentityPlan>().ToArray();

        var keyRule = Rule(section.Get("key"), $"{name}.key", within, single: each is not null || !link.Many);
        if (keyRule is null && section.Get("identity") is null)
            _diagnostics.Add(value, $"link '{link.Name}' needs 'key:' (the target's key in this connection) or 'identity:'");
        var plan = new LinkPlan(link, Encoding.UTF8.GetBytes($"\"{link.Name}\":["), each, Condition(section.Get("when")), keyRule, identity);
        section.Finish();
        return plan;
    }

    private MappingTest? Test(YamlNode node)
    {
        if (YamlSection.Over(node, "an entry of 'tests:'", _diagnostics) is not { } section)
            return null;
        var name = section.Text("name", required: true) ?? "";
        var given = section.Require("given");
        var expect = section.Get("expect");
        var rejects = section.Text("rejects");
        if (expect is null == rejects is null)
            _diagnostics.Add(node, $"test '{name}' needs either 'expect:' or 'rejects:'");
        section.Finish();
        if (given is null)
            return null;
        var isFile = given.Kind == YamlKind.Scalar && !given.Text.TrimStart().StartsWith('{');
        return new(name, isFile ? null : given.Kind == YamlKind.Scalar ? given.Text : YamlJson.Write(given), isFile ? given.Text : null, expect, rejects, node.Line);
    }

    private RuleExpression? Rule(YamlNode? node, string name, bool inside, bool single)
    {
        if (node is null)
            return null;
        var paths = new List<string>();
        if (Value(node, null, inside, paths) is not { } expression)
            return null;
        if (single && expression.GivesMany)
            _diagnostics.Add(node, $"{name} takes one value, but this can give several; add '| first' or '| only'");
        return Rule(name, paths, node, expression);
    }

    private RuleExpression Rule(string name, List<string> paths, YamlNode node, Expression expression)
    {
        var rule = new Rule(_rules.Count, name, string.Join(", ", paths.Distinct()), node.Line);
        _rules.Add(rule);
        return new(rule, expression);
    }

    private Expression? Value(YamlNode node, FieldType? field, bool inside, List<string> paths)
    {
        switch (node.Kind)
        {
            case YamlKind.Scalar when node.Text.StartsWith('$') || (node.Text.StartsWith('@') && !node.IsPlain):
                return ExpressionParser.Parse(node, _functions, _outline, _calls, inside, paths, _diagnostics);
            case YamlKind.Scalar:
                return Literal(node);
            case YamlKind.List:
                var items = node.Items.Select(i => Part(i, field, inside, paths)).ToList();
                return items.Any(i => i is null) ? null : new ListExpression([.. items!]) { GivesMany = true };
            default:
                return node.Members.Where(m => m.Key.Text.StartsWith('$')).OrderBy(m => !Operators.Contains(m.Key.Text)).FirstOrDefault() is { Key: { } op }
                    ? Operator(op, node, field, inside, paths)
                    : Members(node, node.Members, field, inside, paths);
        }
    }

    /// <summary>One of several values that a field can get: whether it fits is told where it stands.</summary>
    private Expression? Part(YamlNode node, FieldType? field, bool inside, List<string> paths)
    {
        var expression = Value(node, field, inside, paths);
        if (expression is not null && field is not null)
            CheckKind(node, field, expression, field.Name);
        return expression;
    }

    private static ConstantExpression Literal(YamlNode node)
    {
        var type = node.AsBoolean is not null ? ExpressionType.Boolean : node.IsNumber ? ExpressionType.Number : ExpressionType.Text;
        var utf8 = Encoding.UTF8.GetBytes(node.Text);
        return new(node.IsNull ? Mapping.Value.Null
            : node.AsBoolean is { } flag ? Mapping.Value.Boolean(flag)
            : type == ExpressionType.Number ? Mapping.Value.Number(utf8, 0, utf8.Length)
            : Mapping.Value.Text(utf8, 0, utf8.Length))
        { Type = node.IsNull ? ExpressionType.Any : type };
    }

    private ObjectExpression? Members(YamlNode node, IReadOnlyList<KeyValuePair<YamlNode, YamlNode>> members, FieldType? field, bool inside, List<string> paths)
    {
        var built = new List<KeyValuePair<Value, Expression>>();
        var failed = false;
        foreach (var (key, value) in members)
        {
            var member = MemberType(key, field);
            if (member is null && field?.Kind is FieldKind.Object or FieldKind.Money)
                failed = true;
            var expression = Value(value, member, inside, paths);
            if (expression is null)
                failed = true;
            else
            {
                if (member is not null)
                    CheckType(value, member, expression, key.Text);
                built.Add(new(Mapping.Value.Text(key.Text), expression));
            }
        }

        if (field is { Kind: FieldKind.Money })
            foreach (var needed in FieldWriter.MoneyFields.Where(f => members.All(m => m.Key.Text != f.Name)))
                _diagnostics.Add(node, $"money needs '{needed.Name}:'");
        return failed ? null : new([.. built]) { Type = ExpressionType.Object };
    }

    private FieldType? MemberType(YamlNode key, FieldType? field)
    {
        var members = field?.Kind switch
        {
            FieldKind.Money => FieldWriter.MoneyFields,
            FieldKind.Object => field.Fields,
            _ => null,
        };
        if (members is null)
            return null;
        var member = members.FirstOrDefault(f => f.Name == key.Text);
        if (member is null)
            _diagnostics.Add(key, $"unknown field '{key.Text}' of '{field!.Name}'{NearestName.Hint(key.Text, members.Select(f => f.Name))}");
        return member;
    }

    private Expression? Operator(YamlNode op, YamlNode node, FieldType? field, bool inside, List<string> paths)
    {
        var value = node[op.Text]!;
        bool Alone()
        {
            if (node.Members.Count == 1)
                return true;
            _diagnostics.Add(node, $"'{op.Text}' stands alone in its map");
            return false;
        }

        switch (op.Text)
        {
            case "$literal":
                return Alone() && value.Kind == YamlKind.Scalar ? Literal(value) : Refuse(value, "$literal takes a single value");
            case "$template":
                if (!Alone() || value.Kind != YamlKind.Scalar)
                    return Refuse(value, "$template takes a text such as \"{$.name} / {$.company}\"");
                return ExpressionParser.ParseTemplate(value, _functions, _outline, _calls, inside, paths, _diagnostics);
            case "$first":
                return Alone() && value.Kind == YamlKind.List ? First(value, field, inside, paths) : Refuse(value, "$first takes a list of alternatives");
            case "$each":
                return Each(node, value, field, inside, paths);
            case "$when":
                return When(node, value, field, inside, paths);
            default:
                return Refuse(op, $"unknown operator '{op.Text}'{NearestName.Hint(op.Text, Operators)}");
        }
    }

    private FirstOf? First(YamlNode list, FieldType? field, bool inside, List<string> paths)
    {
        var alternatives = list.Items.Select(i => Part(i, field, inside, paths)).ToList();
        if (alternatives.Any(a => a is null))
            return null;
        for (var i = 0; i + 1 < alternatives.Count; i++)
            if (alternatives[i]!.NeverNothing)
                _diagnostics.Add(list.Items[i + 1], "never reached: the alternative before it always gives a value");
        return new([.. alternatives!]) { GivesMany = alternatives.Any(a => a!.GivesMany) };
    }

    private EachExpression? Each(YamlNode node, YamlNode over, FieldType? field, bool inside, List<string> paths)
    {
        var path = Path(over, inside);
        if (path is not null)
            paths.Add(over.Text);
        var when = node["$if"];
        var explicitValue = node["$value"];
        var members = node.Members.Where(m => m.Key.Text is not ("$each" or "$if" or "$value")).ToList();
        foreach (var (key, _) in members.Where(m => m.Key.Text.StartsWith('$')))
            _diagnostics.Add(key, $"unknown '{key.Text}' beside '$each'; known are $if, $value");
        if (explicitValue is null == (members.Count == 0))
        {
            _diagnostics.Add(node, "$each needs either '$value:' or the members of the object to build");
            return null;
        }

        var body = explicitValue is not null ? Part(explicitValue, field, inside: true, paths) : Members(node, members, field, inside: true, paths);
        return path is null || body is null ? null : new(path, Condition(when), body) { GivesMany = true };
    }

    private Conditional? When(YamlNode node, YamlNode condition, FieldType? field, bool inside, List<string> paths)
    {
        foreach (var (key, _) in node.Members)
            if (key.Text is not ("$when" or "$then" or "$else"))
                _diagnostics.Add(key, $"unknown '{key.Text}' beside '$when'; known are $then, $else");
        if (node["$then"] is not { } thenNode)
        {
            _diagnostics.Add(node, "'$when' needs '$then:'");
            return null;
        }

        paths.Add(condition.Text);
        var test = Condition(condition);
        var then = Part(thenNode, field, inside, paths);
        var otherwise = node["$else"] is { } elseNode ? Part(elseNode, field, inside, paths) : null;
        return test is null || then is null ? null : new(test, then, otherwise) { GivesMany = then.GivesMany || otherwise?.GivesMany == true };
    }

    private Expression? Refuse(YamlNode at, string message)
    {
        _diagnostics.Add(at, message);
        return null;
    }

    private JsonPathQuery? Path(YamlNode? node, bool insideEach)
    {
        if (node is null)
            return null;
        if (node.Kind == YamlKind.Scalar)
        {
            if (JsonPathQuery.TryParse(node.Text, insideEach ? JsonPathScope.RootOrCurrent : JsonPathScope.Root, out var query, out var error))
                return query;
            _diagnostics.Add(node, error.Column - 1, error.Message);
            return null;
        }

        _diagnostics.Add(node, $"expected a path such as $.items[*], found {node}");
        return null;
    }

    private JsonPathCondition? Condition(YamlNode? node)
    {
        if (node is null)
            return null;
        if (node.Kind == YamlKind.Scalar)
        {
            if (JsonPathCondition.TryParse(node.Text, out var condition, out var error))
                return condition;
            _diagnostics.Add(node, error.Column - 1, error.Message);
            return null;
        }

        _diagnostics.Add(node, $"expected a condition such as $.type == 1, found {node}");
        return null;
    }

    private void CheckType(YamlNode node, FieldType field, Expression expression, string name)
    {
        if (expression.GivesMany && !field.Many && field.Kind != FieldKind.Json)
            _diagnostics.Add(node, $"{name} is a single {field}, but this can give several values; add '| first' or '| only'");
        CheckKind(node, field, expression, name);
    }

    private void CheckKind(YamlNode node, FieldType field, Expression expression, string name)
    {
        var fits = expression.Type is ExpressionType.Any || field.Kind switch
        {
            FieldKind.Json => true,
            FieldKind.Text => expression.Type is ExpressionType.Text or ExpressionType.Time or ExpressionType.Date,
            FieldKind.Number => expression.Type is ExpressionType.Number or ExpressionType.Integer,
            FieldKind.Integer => expression.Type is ExpressionType.Integer or ExpressionType.Number,
            FieldKind.Boolean => expression.Type is ExpressionType.Boolean,
            FieldKind.Time => expression.Type is ExpressionType.Time or ExpressionType.Text,
            FieldKind.Date => expression.Type is ExpressionType.Date or ExpressionType.Text,
            FieldKind.Money => expression.Type is ExpressionType.Money or ExpressionType.Object,
            _ => expression.Type is ExpressionType.Object,
        };
        if (!fits)
            _diagnostics.Add(node, $"{name}: expected {field}, found {expression.Type.ToString().ToLowerInvariant()}{FieldWriter.ConversionHint(field.Kind)}");
        else if (expression is ConstantExpression { Value: { IsNothing: false } constant } && FieldWriter.Check(constant, field) is { } reason)
            _diagnostics.Add(node, $"{name}: {reason}");
    }
}
