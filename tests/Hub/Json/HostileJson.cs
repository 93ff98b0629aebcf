using System.Text;
using CsCheck;

namespace IntegrationHub.Tests.Json;

/// <summary>
/// Random documents over few names, so that paths meet something, and what senders do to them: repeated names, escapes that name nothing, halves of characters, numbers and
/// nesting beyond all measure, bytes changed and cut off.
/// </summary>
internal static class HostileJson
{
    private static readonly Gen<string> Names = Among("a", "a", "a", "b", "b", "c", "list", "list", "list", "name", "name", "12345678A12345678", "12345678B12345678", "é", "\\u0061", "n\\u0061me", "", "一二三四五六七八", "a23456789012345678901234567890", "a234567890123456789012345678901", "a2345678901234567890123456789012345");

    private static readonly Gen<string> Leaves = Gen.OneOf(
        Among("true", "false", "null", "0", "1", "-0", "1.0", "10e-1", "2", "1e400", "9007199254740993", "[]", "{}"),
        Among("\"x\"", "\"\"", "\"y\"", "\"\\u0078\"", "\"统一社会信用代码\"", "\"a\\\"b\\\\\"", "\"😀\"", "\"\\ud83d\\ude00\"", "\"01234567890123456789012345678901\""));

    /// <summary>Valid, but for names that occur twice now and then.</summary>
    public static Gen<string> Documents { get; } = Values(0);

    /// <summary>As bytes, mostly damaged.</summary>
    public static Gen<byte[]> Damaged { get; } = Gen.Select(Documents, Gen.Int[0, 5], Gen.Int[0, 100_000], Among(Splinters)).Select(
        (text, how, where, splinter) =>
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            var at = where % bytes.Length;
            return how switch
            {
                0 => bytes,
                1 => bytes[..at],
                2 => [.. bytes[..at], .. splinter, .. bytes[at..]],
                3 => [.. bytes[..at], .. splinter, .. bytes[(at + 1)..]],
                4 => [.. bytes, .. splinter],
                _ => Encoding.UTF8.GetBytes(text.Insert(Boundary(text, where), Inserts[where % Inserts.Length])),
            };
        });

    private static byte[][] Splinters =>
        [.. "\"\\,:{}[]01.e-+ nut\u0001\n".Select(c => new[] { (byte)c }), [0x80], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE4, 0xB8], [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80], [0xFF], [0xEF, 0xBB, 0xBF]];

    // Put before a value or a name somewhere: what they break or make is up to the place.
    private static string[] Inserts =>
    [
        "\"\\ud800\",", "\"\\udc00\",", "\"\\ud800\\u0041\",", "\"\\x\",", "\"\\u00g0\",", "01,", "1.,", "1e+,", "-,", "tru,", "\"a\":1,", "\"a\":1,\"\\u0061\":2,",
        new string('[', 300), string.Concat(Enumerable.Repeat("{\"a\":", 300)), new string('9', 400) + ",", "1e" + new string('9', 400) + ",",
        "\"" + new string('x', 100) + "é\",", "\"z\":{\"q\":1,\"q\":2},", "{\"q\":1,\"q\":2},",
    ];

    private static Gen<string> Values(int depth)
    {
        if (depth == 4) return Leaves;
        var inner = Values(depth + 1);
        var arrays = inner.Array[0, 4].Select(items => "[" + string.Join(" , ", items) + "]");
        var objects = Gen.Select(Names, inner).Array[0, 6].Select(Gen.Int[0, 19], (members, repeat) =>
            "{" + string.Join(",", (repeat == 0 ? members : members.DistinctBy(m => System.Text.RegularExpressions.Regex.Unescape(m.Item1))).Select(m => $"\"{m.Item1}\" :{m.Item2}")) + "}");
        return depth == 0 ? Gen.Frequency((1, Leaves), (2, arrays), (9, objects)) : Gen.Frequency((2, Leaves), (2, arrays), (3, objects));
    }

    private static int Boundary(string text, int where)
    {
        var places = Enumerable.Range(0, text.Length).Where(i => text[i] is '{' or '[' or ',' or ':').ToArray();
        return places.Length == 0 ? 0 : places[where % places.Length] + 1;
    }

    private static Gen<T> Among<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
