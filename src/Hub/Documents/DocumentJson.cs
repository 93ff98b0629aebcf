using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IntegrationHub.Documents;

/// <summary>How JSON for the outside is written.</summary>
internal static class DocumentJson
{
    // What is written is never put into HTML by the hub; Chinese stays readable.
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Bytes(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, Writing))
            write(json);
        return buffer.WrittenSpan.ToArray();
    }

    public static string Time(long unixMilliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(unixMilliseconds).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Writes a time, or nothing where it is not known.</summary>
    public static void Time(this Utf8JsonWriter json, string name, long unixMilliseconds)
    {
        if (unixMilliseconds != 0)
            json.WriteString(name, Time(unixMilliseconds));
    }
}
