using System.Text.Json;

namespace IntegrationHub.Sdk;

/// <summary>The same for settings and input that are declared field by field instead of by a class.</summary>
internal sealed partial class OptionsBinder
{
    public static IReadOnlyDictionary<string, JsonElement> Bind(string connection, IReadOnlyList<FieldManifest> fields, JsonElement settings)
    {
        var binder = new OptionsBinder("config", "setting", showsValues: true);
        var values = binder.Read(fields, settings);
        return binder._faults.Count == 0 ? values : throw new ConnectorException(ConnectorErrorKind.Configuration,
            $"connection '{connection}': {binder._faults.Count} fault(s) in its settings\n  " + string.Join("\n  ", binder._faults));
    }

    public static IReadOnlyDictionary<string, JsonElement> BindInput(string action, IReadOnlyList<FieldManifest> fields, JsonElement input)
    {
        var binder = new OptionsBinder("input", "field", showsValues: false);
        var values = binder.Read(fields, input);
        return binder._faults.Count == 0 ? values : throw new ConnectorException(ConnectorErrorKind.Permanent,
            $"action '{action}': {binder._faults.Count} fault(s) in its input\n  " + string.Join("\n  ", binder._faults));
    }

    private Dictionary<string, JsonElement> Read(IReadOnlyList<FieldManifest> fields, JsonElement json)
    {
        var values = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (json.ValueKind is not (JsonValueKind.Object or JsonValueKind.Undefined or JsonValueKind.Null))
            _faults.Add($"{_root}: expected a mapping of {_noun} names to values");
        foreach (var member in json.ValueKind == JsonValueKind.Object ? json.EnumerateObject() : default)
            if (fields.FirstOrDefault(f => f.Name == member.Name) is not { } field)
                _faults.Add($"{_root}.{member.Name}: unknown {_noun}; known are {string.Join(", ", fields.Select(f => f.Name).Order(StringComparer.Ordinal))}");
            else if (member.Value.ValueKind != JsonValueKind.Null)
                values[field.Name] = Checked(field, member.Value);
        foreach (var field in fields.Where(f => !values.ContainsKey(f.Name)))
            if (field.Default is { } standing)
                values[field.Name] = JsonSerializer.SerializeToElement(standing);
            else if (field.Required)
                _faults.Add($"{_root}.{field.Name}: is missing{(field.Description.Length > 0 ? "; " + field.Description : "")}");
        return values;
    }

    private JsonElement Checked(FieldManifest field, JsonElement value)
    {
        if (!field.Accepts(value) || (field.Required && value.ValueKind == JsonValueKind.String && value.GetString()!.Length == 0))
            _faults.Add($"{_root}.{field.Name}: expected {Expected(field)}{(!_showsValues ? "" : field.Secret ? ", found a secret value" : $", found {value.GetRawText()}")}");
        return value;
    }

    private static string Expected(FieldManifest field) => field.Type switch
    {
        InputType.Text => field.Required ? "a text that is not empty" : "a text",
        InputType.Integer => "a whole number" + Range(field),
        InputType.Number => "a number" + Range(field),
        InputType.Flag => "true or false",
        InputType.Choice => "one of " + string.Join(", ", field.Choices),
        InputType.Address => "an http(s) address",
        InputType.Duration => "a duration such as 06:00:00",
        InputType.Time => "a time such as 2025-01-01T00:00:00Z",
        InputType.Date => "a day such as 2025-01-31",
        InputType.List => "a list",
        _ => "a group of fields",
    };

    private static string Range(FieldManifest field) => (field.Least, field.Most) switch
    {
        (null, null) => "",
        (var least, null) => $" of at least {least}",
        (null, var most) => $" of at most {most}",
        var (least, most) => $" from {least} to {most}",
    };
}
