using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IntegrationHub.Sdk;

/// <summary>Turns a connection's settings into its options class and reports every fault at once.</summary>
internal static class OptionsBinder
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        NumberHandling = JsonNumberHandling.AllowReadingFromString,
    };

    public static TOptions Bind<TOptions>(string connection, JsonElement settings) where TOptions : class, new()
    {
        var faults = new List<string>();
        var options = new TOptions();
        var properties = typeof(TOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.SetMethod is { IsPublic: true })
            .ToDictionary(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name), StringComparer.Ordinal);

        if (settings.ValueKind == JsonValueKind.Object)
            foreach (var member in settings.EnumerateObject())
                SetProperty(options, properties, member, faults);
        else if (settings.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null))
            faults.Add("config: expected a mapping of setting names to values");

        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        faults.AddRange(results.Select(r =>
            $"config.{string.Join(", config.", r.MemberNames.Select(JsonNamingPolicy.CamelCase.ConvertName))}: {r.ErrorMessage}"));

        if (faults.Count > 0)
            throw new ConnectorException(ConnectorErrorKind.Configuration,
                $"connection '{connection}': {faults.Count} fault(s) in its settings\n  " + string.Join("\n  ", faults));
        return options;
    }

    private static void SetProperty(object options, Dictionary<string, PropertyInfo> properties, JsonProperty member, List<string> faults)
    {
        if (!properties.TryGetValue(member.Name, out var property))
        {
            faults.Add($"config.{member.Name}: unknown setting; known are {string.Join(", ", properties.Keys.Order(StringComparer.Ordinal))}");
            return;
        }

        try
        {
            property.SetValue(options, member.Value.Deserialize(property.PropertyType, Json));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or TargetInvocationException)
        {
            var shown = property.IsDefined(typeof(SecretAttribute)) ? "a secret value" : member.Value.GetRawText();
            var target = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            var expected = target.IsEnum
                ? "one of " + string.Join(", ", Enum.GetNames(target).Select(JsonNamingPolicy.CamelCase.ConvertName))
                : target == typeof(int) || target == typeof(long) ? "a whole number"
                : target == typeof(bool) ? "true or false"
                : target == typeof(string) ? "a text"
                : target == typeof(TimeSpan) ? "a duration such as 06:00:00"
                : target == typeof(DateTimeOffset) ? "a time such as 2025-01-01T00:00:00Z"
                : target.IsAssignableTo(typeof(System.Collections.IEnumerable)) ? "a list"
                : target.Name.ToLowerInvariant();
            faults.Add($"config.{member.Name}: expected {expected}, found {shown}");
        }
    }
}
