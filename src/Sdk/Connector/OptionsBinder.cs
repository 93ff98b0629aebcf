using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IntegrationHub.Sdk;

/// <summary>Turns a connection's settings, or an action's input, into its class and reports every fault at once.</summary>
internal sealed partial class OptionsBinder
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        NumberHandling = JsonNumberHandling.AllowReadingFromString,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    private readonly List<string> _faults = [];
    private readonly string _root;
    private readonly string _noun;
    private readonly bool _showsValues;

    private OptionsBinder(string root, string noun, bool showsValues)
    {
        _root = root;
        _noun = noun;
        _showsValues = showsValues;
    }

    public static TOptions Bind<TOptions>(string connection, JsonElement settings) where TOptions : class, new()
    {
        var binder = new OptionsBinder("config", "setting", showsValues: true);
        var options = binder.Read<TOptions>(settings);
        return binder._faults.Count == 0 ? options : throw new ConnectorException(ConnectorErrorKind.Configuration,
            $"connection '{connection}': {binder._faults.Count} fault(s) in its settings\n  " + string.Join("\n  ", binder._faults));
    }

    /// <summary>Input of an action may be personal: faults never show values.</summary>
    public static TInput BindInput<TInput>(string action, JsonElement input) where TInput : class, new()
    {
        var binder = new OptionsBinder("input", "field", showsValues: false);
        var read = binder.Read<TInput>(input);
        return binder._faults.Count == 0 ? read : throw new ConnectorException(ConnectorErrorKind.Permanent,
            $"action '{action}': {binder._faults.Count} fault(s) in its input\n  " + string.Join("\n  ", binder._faults));
    }

    private T Read<T>(JsonElement json) where T : class, new()
    {
        var target = new T();
        var properties = typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.SetMethod is { IsPublic: true })
            .ToDictionary(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name), StringComparer.Ordinal);

        if (json.ValueKind == JsonValueKind.Object)
            foreach (var member in json.EnumerateObject())
                SetProperty(target, properties, member);
        else if (json.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null))
            _faults.Add($"{_root}: expected a mapping of {_noun} names to values");
        Validate(target, _root);
        return target;
    }

    private void Validate(object target, string path)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(target, new ValidationContext(target), results, validateAllProperties: true);
        foreach (var result in results)
            _faults.Add($"{string.Join(", ", result.MemberNames.DefaultIfEmpty("").Select(m => Below(path, m)))}: {result.ErrorMessage}");
        foreach (var property in target.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is { IsPublic: true }))
            switch (property.GetValue(target))
            {
                case null or string:
                    break;
                case IEnumerable list:
                    foreach (var (index, item) in list.Cast<object?>().Index())
                        if (item is not null && IsPart(item.GetType()))
                            Validate(item, $"{Below(path, property.Name)}[{index}]");
                    break;
                case { } part when IsPart(part.GetType()):
                    Validate(part, Below(path, property.Name));
                    break;
            }
    }

    private static string Below(string path, string member) => member.Length == 0 ? path : $"{path}.{JsonNamingPolicy.CamelCase.ConvertName(member)}";

    /// <summary>A class of the author's own inside another one.</summary>
    private static bool IsPart(Type type) => type is { IsClass: true, Namespace: not null } && !type.Namespace.StartsWith("System", StringComparison.Ordinal);

    private void SetProperty(object target, Dictionary<string, PropertyInfo> properties, JsonProperty member)
    {
        if (!properties.TryGetValue(member.Name, out var property))
        {
            _faults.Add($"{_root}.{member.Name}: unknown {_noun}; known are {string.Join(", ", properties.Keys.Order(StringComparer.Ordinal))}");
            return;
        }

        try
        {
            property.SetValue(target, member.Value.Deserialize(property.PropertyType, Json));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or TargetInvocationException)
        {
            var found = !_showsValues ? "" : property.IsDefined(typeof(SecretAttribute)) ? ", found a secret value" : $", found {member.Value.GetRawText()}";
            var place = e is JsonException { Path: { Length: > 2 } path } ? path[1..] : "";
            _faults.Add($"{_root}.{member.Name}{place}: expected {Expected(property.PropertyType)}{found}");
        }
    }

    private static string Expected(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type.IsEnum ? "one of " + string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName))
            : type == typeof(int) || type == typeof(long) ? "a whole number"
            : type == typeof(decimal) || type == typeof(double) ? "a number"
            : type == typeof(bool) ? "true or false"
            : type == typeof(string) ? "a text"
            : type == typeof(Uri) ? "an address"
            : type == typeof(TimeSpan) ? "a duration such as 06:00:00"
            : type == typeof(DateTimeOffset) ? "a time such as 2025-01-01T00:00:00Z"
            : type.IsAssignableTo(typeof(IEnumerable)) ? "a list"
            : type.Name.ToLowerInvariant();
    }
}
