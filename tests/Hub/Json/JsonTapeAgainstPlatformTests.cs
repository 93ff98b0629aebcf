using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CsCheck;
using IntegrationHub.Json;

namespace IntegrationHub.Tests.Json;

/// <summary>The platform's reader is the second opinion on what a document says.</summary>
public sealed class JsonTapeAgainstPlatformTests
{
    private static readonly string NaughtyStrings = Path.Combine(AppContext.BaseDirectory, "Json", "data", "blns.json");

    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.String[Gen.Char.AlphaNumeric, 0, 24],
        Gen.String[Gen.Char['\u0000', '\ud7ff'], 0, 40],
        Among("", "a\"b", "\\", "😀", "\u2028", "0123456789abcdef", "0123456789abcde\n"));

    private static readonly Gen<string> Numbers = Gen.OneOf(
        Gen.Long.Select(n => n.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        Gen.Double[-1e300, 1e300].Select(n => n.ToString("R", System.Globalization.CultureInfo.InvariantCulture)),
        Among("-0", "1.10", "1e400", "9007199254740993", "0.0", "1E-7"));

    private static readonly Gen<string> Documents = Gen.Recursive<string>((depth, inner) =>
    {
        var leaves = Gen.OneOf(Numbers, Among("true", "false", "null"), Gen.Select(Texts, Gen.Bool, Quote));
        if (depth > 2) return leaves;
        var arrays = inner.Array[0, 4].Select(items => "[ " + string.Join(" ,\n", items) + "]");
        var objects = Gen.Select(Texts, Gen.Bool, inner).Array[0, 5].Select(members =>
            "{" + string.Join(",", members.DistinctBy(m => m.Item1).Select(m => Quote(m.Item1, m.Item2) + "\t: " + m.Item3)) + "\r\n}");
        return Gen.OneOf(leaves, arrays, objects);
    });

    [Fact]
    public void Random_document_reads_the_same() =>
        Documents.Sample(
            text =>
            {
                using var expected = JsonDocument.Parse(text);
                var tape = new JsonTape();
                var result = tape.Parse(Encoding.UTF8.GetBytes(text));
                Assert.True(result.IsOk, result.ToString());
                AssertSame(expected.RootElement, tape, 0);
            },
            iter: 400,
            threads: 1);

    [Fact]
    public void Random_damage_is_judged_the_same() =>
        Gen.Select(Documents, Gen.Int[0, 10_000], Among([.. "\"\\,:{}[]01.e-+ nu\u0001"])).Sample(
            (text, at, with) =>
            {
                var bytes = Encoding.UTF8.GetBytes(text);
                bytes[at % bytes.Length] = (byte)with;
                var strict = new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 256 };
                var accepted = true;
                try
                {
                    using var document = JsonDocument.Parse(bytes, strict);
                    ReadAll(document.RootElement);
                }
                catch (Exception e) when (e is JsonException or InvalidOperationException)
                {
                    accepted = false;
                }

                Assert.Equal(accepted, new JsonTape().Parse(bytes).IsOk);
            },
            iter: 2000,
            threads: 1);

    [Fact]
    public void Naughty_strings_survive_as_names_and_values()
    {
        var strings = JsonSerializer.Deserialize<string[]>(File.ReadAllBytes(NaughtyStrings))!.Distinct().ToArray();
        Assert.True(strings.Length > 400);
        foreach (var escaped in (bool[])[false, true])
        {
            var text = "{" + string.Join(",", strings.Select(s => $"{Quote(s, escaped)}:{Quote(s, !escaped)}")) + "}";
            var tape = new JsonTape();
            Assert.True(tape.Parse(Encoding.UTF8.GetBytes(text)).IsOk);
            foreach (var s in strings)
            {
                var node = tape.Find(0, Encoding.UTF8.GetBytes(s));
                Assert.Equal(s, tape.GetText(node));
                Assert.Equal(s, tape.GetText(node - 1));
            }
        }
    }

    private static Gen<T> Among<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static string Quote(string text, bool escaped) => JsonSerializer.Serialize(text, escaped ? Escaping : Relaxed);

    private static readonly JsonSerializerOptions Escaping = new();

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The platform decodes strings only when they are read, and finds lone surrogates and bad UTF-8 then.</summary>
    private static void ReadAll(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.String) _ = element.GetString();
        if (element.ValueKind == JsonValueKind.Array)
            foreach (var item in element.EnumerateArray()) ReadAll(item);
        if (element.ValueKind != JsonValueKind.Object) return;
        foreach (var member in element.EnumerateObject())
        {
            _ = member.Name;
            ReadAll(member.Value);
        }
    }

    private static void AssertSame(JsonElement expected, JsonTape tape, int node)
    {
        Assert.Equal(expected.ValueKind.ToString(), tape[node].Kind.ToString());
        var children = tape.Children(node);
        switch (expected.ValueKind)
        {
            case JsonValueKind.String:
                Assert.Equal(expected.GetString(), tape.GetText(node));
                break;
            case JsonValueKind.Number:
                Assert.Equal(expected.GetRawText(), Encoding.UTF8.GetString(tape.Raw(node)));
                break;
            case JsonValueKind.Array:
                foreach (var item in expected.EnumerateArray())
                {
                    Assert.True(children.MoveNext());
                    AssertSame(item, tape, children.Current);
                }

                break;
            case JsonValueKind.Object:
                foreach (var member in expected.EnumerateObject())
                {
                    Assert.True(children.MoveNext());
                    Assert.Equal(member.Name, tape.GetText(children.Name));
                    Assert.Equal(children.Current, tape.Find(node, Encoding.UTF8.GetBytes(member.Name)));
                    AssertSame(member.Value, tape, children.Current);
                }

                break;
        }

        Assert.False(children.MoveNext());
        Assert.Equal(expected.GetRawText(), Encoding.UTF8.GetString(tape.Buffer.Slice(Outer(tape, node).Start, Outer(tape, node).Length)));
    }

    private static (int Start, int Length) Outer(JsonTape tape, int node) =>
        tape[node].Kind == JsonKind.String ? (tape[node].Start - 1, tape[node].Length + 2) : (tape[node].Start, tape[node].Length);
}
