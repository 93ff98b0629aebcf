using System.Text;
using System.Text.Json;

namespace IntegrationHub.Bench.Ideal;

/// <summary>
/// The lines of a file into <see cref="PlainStore"/>, in batches of 1,000. No mapping, no identity, no fold, no search, no change feed.
/// </summary>
internal static class IdealStore
{
    private const int Batch = 1_000;

    public static int Run(string input, string file, string key)
    {
        using var lines = new Lines(input);
        using var store = new PlainStore(file);
        var keyName = Encoding.UTF8.GetBytes(key);
        var records = 0;
        var more = true;
        while (more)
        {
            store.Begin();
            for (var i = 0; i < Batch && (more = lines.TryNext(out var line)); i++, records++)
            {
                var bytes = line.ToArray();
                store.Put(KeyOf(bytes, keyName), bytes, bytes);
            }

            store.Commit();
        }

        Console.Error.WriteLine($"{records} records");
        return 0;
    }

    internal static string KeyOf(ReadOnlySpan<byte> record, ReadOnlySpan<byte> name)
    {
        var reader = new Utf8JsonReader(record);
        while (reader.Read())
            if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals(name) && reader.Read())
                return reader.GetString()!;
        return "";
    }
}
