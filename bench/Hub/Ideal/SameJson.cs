using System.Text.Json;

namespace IntegrationHub.Bench.Ideal;

/// <summary>Compares two files of JSON lines by content; the order of members does not count.</summary>
internal static class SameJson
{
    public static int Run(string left, string right, int count)
    {
        using var a = new Lines(left);
        using var b = new Lines(right);
        for (var number = 1; number <= count; number++)
        {
            var more = a.TryNext(out var x);
            if (more != b.TryNext(out var y))
                return Differ(number, "one of them ends");
            if (!more)
                break;
            using var one = JsonDocument.Parse(x);
            using var other = JsonDocument.Parse(y);
            if (!JsonElement.DeepEquals(one.RootElement, other.RootElement))
                return Differ(number, $"{one.RootElement}\n{other.RootElement}");
        }

        return 0;
    }

    private static int Differ(int line, string how)
    {
        Console.Error.WriteLine($"line {line}: {how}");
        return 1;
    }
}
