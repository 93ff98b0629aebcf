using System.CommandLine;
using IntegrationHub.Connections;
using IntegrationHub.Mapping;
using IntegrationHub.Mapping.Functions;

namespace IntegrationHub.Commands;

/// <summary><c>hub map</c>: runs one mapping over records, without a store.</summary>
internal static class MapCommand
{
    public static Command Create()
    {
        var file = new Argument<FileInfo>("file") { Description = "The mapping file." };
        var input = new Option<FileInfo?>("--in") { Description = "Records as JSON Lines. Default: standard input." };
        var output = new Option<FileInfo?>("--out") { Description = "Where contributions go, one JSON line each. Default: standard output." };
        var flat = new Option<bool>("--flat") { Description = "Print each contribution as one flat object: its key as 'id', then its fields." };
        var threads = new Option<int>("--threads") { Description = "How many threads map.", DefaultValueFactory = _ => Environment.ProcessorCount };
        var command = new Command("map", "Run one mapping over records: one JSON line for each contribution. Rejected records go to standard error.") { file, input, output, flat, threads };
        command.SetAction(parsed => Run(parsed, parsed.GetValue(file)!, parsed.GetValue(input), parsed.GetValue(output), parsed.GetValue(flat), Math.Max(1, parsed.GetValue(threads))));
        return command;
    }

    private static int Run(ParseResult parsed, FileInfo file, FileInfo? inputFile, FileInfo? outputFile, bool flat, int threads)
    {
        var model = MappingFolder.Open(CommandWorkspace.Config(parsed).Root).Model();
        var plan = MappingCompiler.Compile(file.ToString(), File.ReadAllText(file.FullName), model, FunctionLibrary.For(FunctionContext.ForTrying));
        using var input = inputFile is null ? Console.OpenStandardInput() : new FileStream(inputFile.FullName, new FileStreamOptions { Mode = FileMode.Open, BufferSize = 0, Options = FileOptions.SequentialScan });
        using var output = outputFile is null ? Console.OpenStandardOutput() : new FileStream(outputFile.FullName, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 0 });

        var job = new MapFile(plan, flat, threads);
        foreach (var block in job.Run(input))
        {
            output.Write(block.Output.Written);
            foreach (var fault in block.Faults)
                parsed.Error().WriteLine(fault);
        }

        output.Flush();
        parsed.Error().WriteLine($"{job.Records:N0} records, {job.Contributions:N0} contributions, {job.Rejected:N0} rejected, {job.Issues:N0} issues");
        return job.Rejected > 0 ? Exit.Problems : Exit.Ok;
    }
}
