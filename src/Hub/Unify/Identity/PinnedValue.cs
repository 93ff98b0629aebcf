using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Model;

namespace IntegrationHub.Unify.Identity;

/// <summary>Checks a value that a person wants a field to have.</summary>
internal static class PinnedValue
{
    public static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What is wrong with the value, or <c>null</c>.</summary>
    public static string? Fault(FieldType field, JsonNode value)
    {
        if (field.Many)
            return "holds several values; those cannot be pinned";
        var kind = value.GetValueKind();
        return field.Kind switch
        {
            FieldKind.Text when kind != JsonValueKind.String => "expected a text",
            FieldKind.Text when field.Values.Count > 0 && !field.Values.Contains(value.GetValue<string>()) => $"expected one of {string.Join(", ", field.Values)}",
            FieldKind.Number when kind != JsonValueKind.Number => "expected a number",
            FieldKind.Integer when kind != JsonValueKind.Number || value.ToJsonString().AsSpan().IndexOfAny('.', 'e', 'E') >= 0 => "expected a whole number",
            FieldKind.Boolean when kind is not (JsonValueKind.True or JsonValueKind.False) => "expected true or false",
            FieldKind.Time when kind != JsonValueKind.String || !Rfc3339.IsTime(Encoding.UTF8.GetBytes(value.GetValue<string>())) => "expected a time such as 2026-01-31T09:00:00+08:00",
            FieldKind.Date when kind != JsonValueKind.String || !Rfc3339.IsDate(Encoding.UTF8.GetBytes(value.GetValue<string>())) => "expected a date such as 2026-01-31",
            FieldKind.Money or FieldKind.Object or FieldKind.Json => "only single texts, numbers, times and flags can be pinned",
            _ => null,
        };
    }
}
