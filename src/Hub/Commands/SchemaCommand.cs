using System.CommandLine;
using IntegrationHub.Connections;
using IntegrationHub.Mapping;
using IntegrationHub.Mapping.Functions;

namespace IntegrationHub.Commands;

/// <summary><c>hub schema</c>: JSON Schemas of mapping and model files, for editors.</summary>
internal static class SchemaCommand
{
    public static Command Create()
    {
        var what = new Argument<string>("what") { Description = "mapping or model." };
        what.AcceptOnlyFromAmong("mapping", "model");
        var command = new Command("schema", "Print the JSON Schema of mapping or model files, so that editors complete and check them. The mapping schema knows the fields of your model.") { what };
        command.SetAction((parsed, _) =>
        {
            parsed.Out().Write(parsed.GetValue(what) == "model"
                ? FileSchemas.Model()
                : FileSchemas.Mapping(MappingFolder.Open(CommandWorkspace.Config(parsed).Root).Model(), FunctionLibrary.All.Keys));
            return Task.FromResult(Exit.Ok);
        });
        return command;
    }
}
