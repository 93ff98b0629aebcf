using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace IntegrationHub.Sdk;

/// <summary>One setting of a connection, or one field of an action's input: what it is called, what it takes, whether it may be shown.</summary>
public sealed record FieldManifest
{
    /// <summary>The name people write, camelCase.</summary>
    public required string Name { get; init; }

    /// <summary>What it takes.</summary>
    /// <value>Default <see cref="InputType.Text"/>.</value>
    public InputType Type { get; init; }

    /// <summary>What may be chosen, with <see cref="InputType.Choice"/>.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>It must be given.</summary>
    public bool Required { get; init; }

    /// <summary>Its value is never shown or logged, and settings give it by reference.</summary>
    public bool Secret { get; init; }

    /// <summary>What stands for it when it is not given, as it would be written; <c>null</c> when nothing does, or the connector's own code decides.</summary>
    public string? Default { get; init; }

    /// <summary>The least number.</summary>
    public long? Least { get; init; }

    /// <summary>The greatest number.</summary>
    public long? Most { get; init; }

    /// <summary>What it is for.</summary>
    public string Description { get; init; } = "";

    /// <summary>The fields of an options or input class.</summary>
    /// <param name="type">A class with settable properties; its attributes say what is required, secret and described.</param>
    public static IReadOnlyList<FieldManifest> Of(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return
        [
            .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is { IsPublic: true }).Select(property => new FieldManifest
            {
                Name = JsonNamingPolicy.CamelCase.ConvertName(property.Name),
                Type = TypeOf(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType),
                Choices = (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) is { IsEnum: true } choices ? [.. Enum.GetNames(choices).Select(JsonNamingPolicy.CamelCase.ConvertName)] : [],
                Required = property.IsDefined(typeof(RequiredAttribute)),
                Secret = property.IsDefined(typeof(SecretAttribute)),
                Description = property.GetCustomAttribute<System.ComponentModel.DescriptionAttribute>()?.Description ?? "",
            }),
        ];
    }

    /// <summary>Whether a value is of the type and within the bounds.</summary>
    public bool Accepts(JsonElement value)
    {
        // Numbers and flags may stand in quotes, as references to the environment give them.
        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        var isText = value.ValueKind == JsonValueKind.String;
        return Type switch
        {
            InputType.Text => isText || value.ValueKind == JsonValueKind.Number,
            InputType.Integer => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) && whole >= (Least ?? long.MinValue) && whole <= (Most ?? long.MaxValue),
            InputType.Number => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= (Least ?? decimal.MinValue) && number <= (Most ?? decimal.MaxValue),
            InputType.Flag => text is "true" or "false",
            InputType.Choice => Choices.Contains(text),
            InputType.Address => isText && Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https",
            InputType.Duration => isText && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span) && span >= TimeSpan.Zero,
            InputType.Time => isText && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _),
            InputType.Date => isText && DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
            InputType.List => value.ValueKind == JsonValueKind.Array,
            _ => value.ValueKind == JsonValueKind.Object,
        };
    }

    private static InputType TypeOf(Type type) =>
        type == typeof(string) ? InputType.Text
        : type.IsEnum ? InputType.Choice
        : type == typeof(bool) ? InputType.Flag
        : type == typeof(TimeSpan) ? InputType.Duration
        : type == typeof(DateTimeOffset) ? InputType.Time
        : type == typeof(DateOnly) ? InputType.Date
        : type == typeof(Uri) ? InputType.Address
        : type == typeof(int) || type == typeof(long) ? InputType.Integer
        : type.IsAssignableTo(typeof(IEnumerable)) ? InputType.List
        : type.IsPrimitive || type == typeof(decimal) ? InputType.Number
        : InputType.Object;
}

/// <summary>What a <see cref="FieldManifest"/> takes.</summary>
public enum InputType
{
    /// <summary>A text.</summary>
    Text,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number.</summary>
    Number,

    /// <summary>True or false.</summary>
    Flag,

    /// <summary>One of several words.</summary>
    Choice,

    /// <summary>An absolute http or https address.</summary>
    Address,

    /// <summary>A span of time, <c>[d.]hh:mm:ss</c>.</summary>
    Duration,

    /// <summary>A moment with its offset, RFC 3339.</summary>
    Time,

    /// <summary>A day, <c>yyyy-MM-dd</c>.</summary>
    Date,

    /// <summary>A list.</summary>
    List,

    /// <summary>A group of fields.</summary>
    Object,
}
