using System.Globalization;

namespace IntegrationHub.Tests.Sovereignty.Log;

/// <summary>Changes of what is not signed but found by: the index of subjects, the subjects, what bundles are searched by.</summary>
internal static class BesideMutations
{
    private static readonly string[] Subject = ["subject", "id", "key", "commitment"];
    private static readonly string[] Bundle = ["idx", "earliest", "latest", "terms"];
    private static readonly string[] Place = ["part", "subject", "seq"];

    public static (string What, string Named) Mutate(LogRig rig, Random random, int kind, out Action undo)
    {
        var place = rig.RandomRow("log_index", Place, random);
        var (subject, sequence) = ((long)place[1], (long)place[2]);
        undo = () => rig.PutRow("log_index", Place, place);
        switch (kind)
        {
            case 0:
                rig.DeleteRow("log_index", Place, place);
                return ("a place removed from the index", $"entry {sequence} ");
            case 1:
                object[] added = [place[0], subject, (sequence + 1 + random.Next(6)) % rig.Log.Count()];
                rig.PutRow("log_index", Place, added);
                undo = () => rig.DeleteRow("log_index", Place, added);
                return ("a place added to the index", $"entry {added[2]},");
            case 2:
                object[] moved = [.. place];
                var column = random.Next(3);
                // Neither an entry nor a subject that the subject or entry has already.
                moved[column] = column switch { 0 => (long)place[0] + 1 + random.Next(3), 1 => (subject + 1) % 50, _ => (sequence + 1 + random.Next(6)) % rig.Log.Count() };
                rig.DeleteRow("log_index", Place, place);
                rig.PutRow("log_index", Place, moved);
                undo = () =>
                {
                    rig.DeleteRow("log_index", Place, moved);
                    rig.PutRow("log_index", Place, place);
                };
                return ($"a place of the index with another {Place[column]}", $"entry {sequence} ");
            case 3:
                var number = rig.Indexed(sequence);
                rig.Tamper("UPDATE log_entries SET indexed=indexed+$d WHERE seq=$s", ("$d", random.Next(2) == 0 ? -1 : 1 + random.Next(100_000)), ("$s", sequence));
                undo = () => rig.Tamper("UPDATE log_entries SET indexed=$n WHERE seq=$s", ("$n", number), ("$s", sequence));
                return ("the number of places beside an entry changed", $"entry {sequence}:");
            case 4:
                return ChangeRow(rig, "log_subjects", Subject, random, row => $"subject {row[0]}", out undo);
            default:
                return ChangeRow(rig, "log_bundles", Bundle, random, row => string.Create(CultureInfo.InvariantCulture, $"entries {(long)row[0] * 256} to {(long)row[0] * 256 + 255} are searched by"), out undo);
        }
    }

    /// <summary>Removes a row, or changes one of its values.</summary>
    private static (string What, string Named) ChangeRow(LogRig rig, string table, string[] columns, Random random, Func<object[], string> name, out Action undo)
    {
        var row = rig.RandomRow(table, columns, random);
        undo = () => rig.PutRow(table, columns, row);
        var column = random.Next(columns.Length);
        if (column == 0)
        {
            rig.DeleteRow(table, columns, row);
            return ($"a row of {table} removed", name(row));
        }

        object[] changed = [.. row];
        changed[column] = row[column] switch
        {
            long n => n + random.Next(1, 1_000),
            string { Length: > 0 } text => text[..random.Next(text.Length)],
            byte[] bytes => Flip(bytes, random),
            var other => throw new InvalidOperationException($"{table}.{columns[column]} holds {other}"),
        };
        rig.PutRow(table, columns, changed);
        return ($"another {columns[column]} in {table}", name(row));
    }

    private static byte[] Flip(byte[] bytes, Random random)
    {
        var flipped = bytes.ToArray();
        flipped[random.Next(flipped.Length)] ^= (byte)(1 << random.Next(8));
        return flipped;
    }
}
