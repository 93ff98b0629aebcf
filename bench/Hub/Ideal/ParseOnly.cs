using System.Text.Json;

namespace IntegrationHub.Bench.Ideal;

/// <summary>Reads every token of every line: nothing that looks at the records can be faster.</summary>
internal static class ParseOnly
{
    public static int Run(string input)
    {
        using var lines = new Lines(input);
        long tokens = 0;
        long records = 0;
        for (; lines.TryNext(out var line); records++)
            tokens += Walk(line);
        Console.Error.WriteLine($"{records} records, {tokens} tokens");
        return 0;
    }

    public static int Walk(ReadOnlySpan<byte> record)
    {
        var reader = new Utf8JsonReader(record);
        var tokens = 0;
        while (reader.Read())
            tokens++;
        return tokens;
    }
}
