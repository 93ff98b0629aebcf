using System.Text;

namespace IntegrationHub.Commands;

/// <summary>Reads CSV as RFC 4180 has it: quoted values may hold commas, quotes and line breaks. The first row names the columns.</summary>
internal static class CsvRows
{
    /// <summary>The rows after the first, values trimmed.</summary>
    /// <exception cref="UsageException">A row has more values than columns, or a quote is never closed; says in which line.</exception>
    public static IEnumerable<(string[] Columns, string[] Values)> Read(TextReader reader, string file)
    {
        string[]? columns = null;
        foreach (var (line, values) in Rows(reader, file))
        {
            if (columns is null)
            {
                columns = values;
                continue;
            }

            if (values.Length > columns.Length)
                throw new UsageException($"{file}:{line}: {values.Length} values for {columns.Length} columns");
            yield return (columns, values);
        }

        if (columns is null)
            throw new UsageException($"{file}: the file is empty; its first row must name the columns");
    }

    private static IEnumerable<(int Line, string[] Values)> Rows(TextReader reader, string file)
    {
        var values = new List<string>();
        var value = new StringBuilder();
        for (var (number, text) = (1, reader.ReadLine()); text is not null; text = reader.ReadLine(), number++)
        {
            if (text.Length == 0)
                continue;
            if (!text.Contains('"'))
            {
                yield return (number, text.Split(',', StringSplitOptions.TrimEntries));
                continue;
            }

            var (first, quoted) = (number, false);
            for (var i = 0; ; i++)
            {
                if (i == text.Length)
                {
                    if (!quoted)
                        break;
                    text = reader.ReadLine() ?? throw new UsageException($"{file}:{first}: a quote is never closed");
                    number++;
                    value.Append('\n');
                    i = -1;
                }
                else if (text[i] == '"')
                {
                    if (quoted && i + 1 < text.Length && text[i + 1] == '"')
                        value.Append(text[i++]);
                    else
                        quoted = !quoted;
                }
                else if (text[i] == ',' && !quoted)
                {
                    values.Add(value.ToString().Trim());
                    value.Clear();
                }
                else
                {
                    value.Append(text[i]);
                }
            }

            values.Add(value.ToString().Trim());
            value.Clear();
            yield return (first, [.. values]);
            values.Clear();
        }
    }
}
