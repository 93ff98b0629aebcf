using System.Text;

namespace IntegrationHub.Connectors.Ocds.Reading;

/// <summary>The encodings publishers use. Everything that is not UTF-8 is turned into UTF-8 only when somebody said what it is.</summary>
internal static class TextEncoding
{
    public static bool IsKnown(string name) => Normal(name) is "utf8" or "ascii" or "latin1";

    public static bool IsUtf8(string name) => Normal(name) is "utf8" or "ascii";

    /// <summary>A stream that reads as UTF-8.</summary>
    public static Stream ToUtf8(Stream stream, string? charset) => charset is null || IsUtf8(charset)
        ? stream
        : Encoding.CreateTranscodingStream(stream, Encoding.Latin1, Encoding.UTF8);

    public static byte[] ToUtf8(ReadOnlySpan<byte> latin1) => Encoding.UTF8.GetBytes(Encoding.Latin1.GetString(latin1));

    private static string? Normal(string name) => name.Trim('"', '\'', ' ').ToLowerInvariant() switch
    {
        "utf-8" or "utf8" => "utf8",
        "us-ascii" or "ascii" => "ascii",
        "iso-8859-1" or "iso8859-1" or "latin1" or "latin-1" => "latin1",
        _ => null,
    };
}
