using System.Globalization;

namespace IntegrationHub.Bench.Data;

/// <summary>Writes files of generated records. The same count always gives the same bytes.</summary>
internal static class Generate
{
    public static int Write(string kind, int count, string file)
    {
        Func<int, string>? record = kind switch
        {
            "wecom" => WeComRecords.At,
            "ocds" => OcdsReleases.At,
            "ocds-small" => OcdsReleases.SmallAt,
            _ => null,
        };
        if (record is null)
        {
            Console.Error.WriteLine($"expected wecom, ocds or ocds-small, found '{kind}'");
            return 2;
        }

        using var writer = new StreamWriter(file) { NewLine = "\n" };
        for (var i = 0; i < count; i++)
            writer.WriteLine(record(i));
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} records of kind {kind}"));
        return 0;
    }

    /// <summary>A random source that depends on nothing but the seed and the record's number.</summary>
    public static Random RandomAt(int seed, int number) => new(unchecked((seed * 1_000_003) + number));
}
