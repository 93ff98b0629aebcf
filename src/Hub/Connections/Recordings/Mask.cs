using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace IntegrationHub.Connections.Recordings;

/// <summary>
/// Puts invented values of the same form in place of secret and personal ones: digits for digits, letters for letters. The same value becomes the same one throughout a
/// recording, so that keys still fit together; the salt is thrown away, so that nobody can try values.
/// </summary>
internal sealed partial class Mask
{
    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(32);
    private readonly HashSet<string> _secrets = new(StringComparer.Ordinal);
    private readonly HashSet<string> _personal = new(StringComparer.Ordinal);

    /// <summary>A value that is masked wherever it stands, also inside other texts.</summary>
    public void Secret(string? value)
    {
        if (!string.IsNullOrEmpty(value))
            _secrets.Add(value);
    }

    /// <summary>A value that is masked where it is a whole JSON value, or a parameter.</summary>
    public void Personal(string? value)
    {
        if (!string.IsNullOrWhiteSpace(value))
            _personal.Add(value);
    }

    /// <summary>Takes note of the values that stand under names of secrets in JSON texts, forms and queries, so that they are masked inside other texts too.</summary>
    public void Learn(params ReadOnlySpan<string> texts)
    {
        foreach (var text in texts)
            if (text.AsSpan().TrimStart() is ['{' or '[', ..])
                LearnJson(text);
            else
                foreach (Match pair in Pair().Matches(text))
                    if (SecretName().IsMatch(pair.Groups[1].Value) && pair.Groups[2].Value is { Length: >= ShortestLearnt } value)
                        Secret(Uri.UnescapeDataString(value.Replace('+', ' ')));
    }

    private void LearnJson(string text)
    {
        var reader = new System.Text.Json.Utf8JsonReader(Encoding.UTF8.GetBytes(text));
        var name = "";
        try
        {
            while (reader.Read())
                if (reader.TokenType == System.Text.Json.JsonTokenType.PropertyName)
                    name = reader.GetString()!;
                else if (reader.TokenType == System.Text.Json.JsonTokenType.String && SecretName().IsMatch(name) && reader.GetString() is { Length: >= ShortestLearnt } value)
                    Secret(value);
        }
        catch (System.Text.Json.JsonException)
        {
            // What comes before the fault is known.
        }
    }

    /// <summary>Anything shorter, replaced wherever it stands, would spoil texts that have nothing to do with it.</summary>
    private const int ShortestLearnt = 8;

    /// <summary>A JSON text, a form or a query; of any other text only secrets and longer personal values are found.</summary>
    public string Text(string text)
    {
        try
        {
            if (text.AsSpan().TrimStart() is ['{' or '[', ..] && JsonNode.Parse(text) is { } json)
                return Secrets(Value(json, "")!.ToJsonString(Relaxed));
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or ArgumentException)
        {
            // Broken, or a name stands twice in an object: masked as a text below.
        }

        foreach (var value in _personal.Where(p => p.Length >= 4).OrderByDescending(p => p.Length))
            text = text.Replace(value, Invented(value), StringComparison.Ordinal).Replace(Uri.EscapeDataString(value), Uri.EscapeDataString(Invented(value)), StringComparison.Ordinal);
        return Secrets(text);
    }

    /// <summary>One parameter, by its name.</summary>
    public string Parameter(string name, string value) => _personal.Contains(value) || SecretName().IsMatch(name) ? Invented(value) : Secrets(value);

    private static readonly System.Text.Json.JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private JsonNode? Value(JsonNode? node, string name)
    {
        switch (node)
        {
            case JsonObject map:
                foreach (var (key, value) in map.ToList())
                    if (Value(value, key) is var masked && !ReferenceEquals(masked, value))
                        map[key] = masked;
                return map;
            case JsonArray list:
                for (var i = 0; i < list.Count; i++)
                    if (Value(list[i], name) is var masked && !ReferenceEquals(masked, list[i]))
                        list[i] = masked;
                return list;
            case JsonValue value when value.TryGetValue<string>(out var text):
                return _personal.Contains(text) || (text.Length > 0 && SecretName().IsMatch(name)) ? JsonValue.Create(Invented(text)) : value;
            case JsonValue number when _personal.Contains(number.ToJsonString()):
                // No leading zero may come out of it.
                return JsonNode.Parse(Invented(number.ToJsonString()) is var digits && digits.TrimStart('-') is ['0', _, ..] ? digits.Replace('0', '1') : digits);
            default:
                return node;
        }
    }

    private string Secrets(string text)
    {
        foreach (var secret in _secrets.OrderByDescending(s => s.Length))
            text = text.Replace(secret, Invented(secret), StringComparison.Ordinal).Replace(Uri.EscapeDataString(secret), Uri.EscapeDataString(Invented(secret)), StringComparison.Ordinal);
        return text;
    }

    private string Invented(string value)
    {
        var random = HMACSHA256.HashData(_salt, Encoding.UTF8.GetBytes(value));
        var invented = new StringBuilder(value.Length);
        foreach (var (index, sign) in value.EnumerateRunes().Index())
        {
            var number = random[index % random.Length] + (31 * (index / random.Length));
            invented.Append(sign.Value switch
            {
                >= '0' and <= '9' => ((char)('0' + (number % 10))).ToString(),
                >= 'a' and <= 'z' => ((char)('a' + (number % 26))).ToString(),
                >= 'A' and <= 'Z' => ((char)('A' + (number % 26))).ToString(),
                >= 0x80 => "某甲乙丙丁戊己庚辛壬"[number % 10].ToString(),
                _ => sign.ToString(),
            });
        }

        return invented.ToString();
    }

    [GeneratedRegex("([^&=?\\s]+)=([^&\\s]*)", RegexOptions.CultureInvariant)]
    private static partial Regex Pair();

    /// <summary>Members and parameters that hold tokens wherever they stand.</summary>
    [GeneratedRegex("token|secret|password|passwd|api_?key|signature|session_?id|ticket|authorization", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SecretName();
}
