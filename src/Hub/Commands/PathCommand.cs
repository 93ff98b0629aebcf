using System.CommandLine;
using System.Text;
using IntegrationHub.Json;
using IntegrationHub.Mapping.JsonPath;

namespace IntegrationHub.Commands;

/// <summary><c>hub path</c>: tries a path on a document.</summary>
internal static class PathCommand
{
    public static Command Create()
    {
        var query = new Argument<string>("jsonpath") { Description = "An RFC 9535 query, such as '$.items[?@.price < 10].name'." };
        var file = new Argument<FileInfo?>("file") { Description = "A JSON document. Default: standard input.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("path", "Try a path on a document: prints the normalized path and the value of every node it finds.") { query, file };
        command.SetAction((parsed, _) => RunAsync(parsed, parsed.GetValue(query)!, parsed.GetValue(file)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, string text, FileInfo? file)
    {
        if (!JsonPathQuery.TryParse(text, out var query, out var error))
        {
            await parsed.Error().WriteLineAsync(text);
            await parsed.Error().WriteLineAsync(new string(' ', Math.Max(0, error.Column - 1)) + "^");
            await parsed.Error().WriteLineAsync(error.ToString());
            return Exit.Usage;
        }

        var document = await ReadAsync(file);
        var tape = new JsonTape();
        var read = tape.Parse(document);
        if (!read.IsOk)
        {
            await parsed.Error().WriteLineAsync($"{file?.FullName ?? "standard input"}: not JSON, {read}");
            return Exit.Problems;
        }

        var nodes = new NodeList();
        var outcome = query.Select(tape, 0, 0, nodes);
        var output = new Utf8Output();
        var json = parsed.WantsJson();
        if (json)
            output.WriteByte((byte)'[');
        for (var i = 0; i < nodes.Count; i++)
        {
            var path = NormalizedPath.Of(tape, nodes[i]);
            if (json)
            {
                output.Write(i == 0 ? "{\"path\":"u8 : ",{\"path\":"u8);
                JsonString.WriteQuoted(Encoding.UTF8.GetBytes(path), output);
                output.Write(",\"value\":"u8);
                tape.WriteTo(nodes[i], output);
                output.WriteByte((byte)'}');
            }
            else
            {
                output.Write(Encoding.UTF8.GetBytes(path + "  "));
                tape.WriteTo(nodes[i], output);
                output.WriteByte((byte)'\n');
            }
        }

        if (json)
            output.Write("]\n"u8);
        await parsed.Out().WriteAsync(Encoding.UTF8.GetString(output.Written));
        if (outcome == JsonPathOutcome.Complete)
            return Exit.Ok;
        await parsed.Error().WriteLineAsync("the query visits more of the document than is allowed; what is printed is not all");
        return Exit.Problems;
    }

    private static async Task<byte[]> ReadAsync(FileInfo? file)
    {
        if (file is not null)
            return await File.ReadAllBytesAsync(file.FullName);
        using var memory = new MemoryStream();
        await using var input = Console.OpenStandardInput();
        await input.CopyToAsync(memory);
        return memory.ToArray();
    }
}
