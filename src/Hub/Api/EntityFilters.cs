using System.Text.Json;
using IntegrationHub.Json;
using IntegrationHub.Model;
using IntegrationHub.Storage;
using IntegrationHub.Unify;
using IntegrationHub.Yaml;
using JsonObject = System.Text.Json.Nodes.JsonObject;

namespace IntegrationHub.Api;

/// <summary>The parameters of a list of entities: what they are, and how they become a query.</summary>
internal static class EntityFilters
{
    private static readonly Dictionary<string, FilterOperator> Operators = new(StringComparer.Ordinal)
    {
        ["eq"] = FilterOperator.Equal,
        ["ne"] = FilterOperator.NotEqual,
        ["lt"] = FilterOperator.Less,
        ["lte"] = FilterOperator.LessOrEqual,
        ["gt"] = FilterOperator.Greater,
        ["gte"] = FilterOperator.GreaterOrEqual,
        ["prefix"] = FilterOperator.StartsWith,
    };

    private static readonly string[] Reserved = ["sort", "fields", "limit", "cursor", "q"];

    public static IReadOnlyList<FieldType> Indexed(EntityType type) => [.. type.Fields.Where(f => f.Indexed && !f.Many && !Reserved.Contains(f.Name))];

    /// <summary>Every parameter of the list of a type.</summary>
    public static List<Parameter> Parameters(EntityType type, int pageSize)
    {
        var parameters = new List<Parameter>
        {
            new("limit", Schema.Integer(1, pageSize, Math.Min(50, pageSize)), "Entities per page."),
            new("cursor", Schema.Text(), "'next' of the page before."),
            new("sort", Schema.OneOf(["id", "-id", .. Indexed(type).SelectMany(f => new[] { f.Name, "-" + f.Name })]), "Field to sort by; '-' before it for the greatest first. Entities without a value come last."),
            new("fields", Schema.Text(), "Names of fields and links to answer with, separated by commas."),
            new("q", Schema.Text(), "Words to find; the last may be begun only. Chinese is found by any run of characters."),
        };
        foreach (var field in Indexed(type))
        {
            parameters.Add(new(field.Name, Value(field), $"Is equal to. {field.Description}".TrimEnd()));
            foreach (var name in OperatorsOf(field))
                parameters.Add(new($"{field.Name}[{name}]", Value(field), Says(name)));
        }

        foreach (var link in Links(type))
            parameters.Add(new(link.Name, Schema.Text(), $"Id of a linked {link.Entity}. {link.Description}".TrimEnd()));
        return parameters;
    }

    public static async ValueTask<(EntityQuery Query, string Signature)> ReadAsync(ApiRequest request, EntityBinding binding)
    {
        var type = binding.Type;
        var filters = new List<EntityFilter>();
        (int Link, IReadOnlyList<IdentityKey> Keys)? linked = null;
        var signature = new List<string>();
        foreach (var (name, value) in request.Query.OrderBy(p => p.Name, StringComparer.Ordinal))
        {
            if (name is "limit" or "cursor" or "fields")
                continue;
            signature.Add($"{name}={value}");
            if (Reserved.Contains(name))
                continue;
            var bracket = name.IndexOf('[');
            var fieldName = bracket < 0 ? name : name[..bracket];
            if (Indexed(type).FirstOrDefault(f => f.Name == fieldName) is { } field)
                filters.Add(new(field, bracket < 0 ? FilterOperator.Equal : Operators[name[(bracket + 1)..^1]], Json(field, name, value)));
            else if (linked is not null)
                throw new ProblemException(ProblemKind.ParameterInvalid, "filter by one link at a time");
            else
                linked = (binding.Link(name), await KeysAsync(request, type.Link(name)!, value));
        }

        var search = request.Text("q");
        if (search is not null && SearchText.Query(search).Length == 0)
            throw new ProblemException(ProblemKind.ParameterInvalid, "'q' holds no letter or digit to search for");
        var (sort, descending) = Sort(request, type);
        return (new(binding.Number, request.Limit()) { Filters = filters, LinkedTo = linked, Search = search, Sort = sort, Descending = descending }, $"{type.Name}?{string.Join('&', signature)}");
    }

    /// <summary>The names given in <c>fields</c>, or <c>null</c> for all.</summary>
    public static HashSet<string>? Selected(ApiRequest request, EntityType type)
    {
        if (request.Text("fields") is not { } text)
            return null;
        var names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
        var known = type.Fields.Select(f => f.Name).Concat(type.Links.Select(l => l.Name)).ToList();
        foreach (var name in names.Where(n => n is not ("id" or "entity") && !known.Contains(n)))
            throw new ProblemException(ProblemKind.FieldUnknown, $"'fields': {type.Name} has no field '{Short(name)}'{NearestName.Hint(Short(name), known)}", known);
        return names;
    }

    /// <summary>The value a page ended with, as JSON, or <c>null</c> when it has none.</summary>
    public static string? SortValue(EntityRow row, FieldType field)
    {
        var tape = new JsonTape();
        if (!tape.Parse(row.Body, new() { MaxDepth = JsonLimits.HighestDepth }).IsOk)
            return null;
        var node = tape.Find(0, System.Text.Encoding.UTF8.GetBytes(field.Name));
        if (node >= 0 && field.Kind == FieldKind.Money && tape[node].Kind == JsonKind.Object)
            node = tape.Find(node, "amount"u8);
        if (node < 0 || tape[node].Kind == JsonKind.Null)
            return null;
        var output = new Utf8Output();
        tape.WriteTo(node, output);
        return System.Text.Encoding.UTF8.GetString(output.Written);
    }

    private static IEnumerable<LinkType> Links(EntityType type) => type.Links.Where(l => !Reserved.Contains(l.Name) && Indexed(type).All(f => f.Name != l.Name));

    private static (FieldType? Field, bool Descending) Sort(ApiRequest request, EntityType type)
    {
        if (request.Text("sort") is not { } sort)
            return (null, false);
        var descending = sort.StartsWith('-');
        var name = descending ? sort[1..] : sort;
        if (name == "id")
            return (null, descending);
        var names = Indexed(type).Select(f => f.Name).Prepend("id").ToList();
        if (Indexed(type).FirstOrDefault(f => f.Name == name) is { } field)
            return (field, descending);
        throw type.Field(name) is not null
            ? new ProblemException(ProblemKind.FieldNotIndexed, $"{type.Plural} cannot be sorted by '{name}'", names)
            : new ProblemException(ProblemKind.FieldUnknown, $"'sort': {type.Name} has no field '{Short(name)}'{NearestName.Hint(Short(name), names)}", names);
    }

    /// <summary>The keys by which links find an entity: those it alone holds.</summary>
    private static async ValueTask<IReadOnlyList<IdentityKey>> KeysAsync(ApiRequest request, LinkType link, string id)
    {
        if (!EntityId.TryParse(id, request.Workspace.Model, out var type, out var number) || type.Name != link.Entity)
            throw new ProblemException(ProblemKind.ParameterInvalid, $"'{link.Name}' must be the id of a {link.Entity}, such as {link.Entity}-1");
        var row = await request.Reader.EntityAsync(number, request.Cancelled);
        for (var hops = 0; row is { State: EntityState.Merged } && hops < 100; hops++)
            row = await request.Reader.EntityAsync(row.MergedInto, request.Cancelled);
        if (row is null)
            return [];
        var keys = await request.Reader.KeysAsync(row.Id, request.Cancelled);
        var holders = await request.Reader.ResolveAsync(keys, request.Cancelled);
        return [.. keys.Where((_, i) => holders[i] == row.Id)];
    }

    private static string Json(FieldType field, string parameter, string value)
    {
        ProblemException Expected(string what) => new(ProblemKind.ParameterInvalid, $"'{parameter}' must be {what}");
        switch (field.Kind)
        {
            case FieldKind.Number or FieldKind.Integer or FieldKind.Money:
                return IsNumber(value) ? value : throw Expected("a number");
            case FieldKind.Boolean:
                return value is "true" or "false" ? value : throw Expected("true or false");
            case FieldKind.Time:
                // A plus sign in an address stands for a blank.
                value = value.Replace(' ', '+');
                if (!Rfc3339.IsTime(System.Text.Encoding.UTF8.GetBytes(value)))
                    throw Expected("a time with offset, such as 2026-01-31T08:00:00Z");
                break;
            case FieldKind.Date when !Rfc3339.IsDate(System.Text.Encoding.UTF8.GetBytes(value)):
                throw Expected("a date, such as 2026-01-31");
            case FieldKind.Text when field.Values.Count > 0 && !field.Values.Contains(value):
                throw new ProblemException(ProblemKind.ParameterInvalid, $"'{parameter}' must be one of the field's values", field.Values);
        }

        return JsonSerializer.Serialize(value);
    }

    private static bool IsNumber(string value)
    {
        try
        {
            using var document = JsonDocument.Parse(value);
            return document.RootElement.ValueKind == JsonValueKind.Number;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string[] OperatorsOf(FieldType field) => field.Kind switch
    {
        FieldKind.Text when field.Values.Count > 0 => ["eq", "ne"],
        FieldKind.Text => ["eq", "ne", "prefix", "lt", "lte", "gt", "gte"],
        FieldKind.Boolean => ["eq", "ne"],
        _ => ["eq", "ne", "lt", "lte", "gt", "gte"],
    };

    private static JsonObject Value(FieldType field) => field.Kind switch
    {
        FieldKind.Number or FieldKind.Money => Schema.Number,
        FieldKind.Integer => Schema.Integer(),
        FieldKind.Boolean => Schema.Flag,
        FieldKind.Time => Schema.Time,
        FieldKind.Date => Schema.Text("date"),
        _ when field.Values.Count > 0 => Schema.OneOf(field.Values),
        _ => Schema.Text(),
    };

    private static string Says(string name) => name switch
    {
        "eq" => "Is equal to.",
        "ne" => "Is not equal to, or is not there.",
        "lt" => "Is less than.",
        "lte" => "Is less than or equal to.",
        "gt" => "Is greater than.",
        "gte" => "Is greater than or equal to.",
        _ => "Begins with.",
    };

    /// <summary>A name is repeated when it can be one; anything else may be a value, and values are never repeated.</summary>
    private static string Short(string name) => name.Length <= 40 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? name : "...";
}
