using System.CommandLine;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Declarative;
using IntegrationHub.Mapping;
using IntegrationHub.Mapping.Functions;

namespace IntegrationHub.Commands;

/// <summary><c>hub schema</c>: JSON Schemas of mapping, model and manifest files, for editors.</summary>
internal static class SchemaCommand
{
    public static Command Create()
    {
        var what = new Argument<string>("what") { Description = "mapping, model or connector." };
        what.AcceptOnlyFromAmong("mapping", "model", "connector");
        var command = new Command("schema", "Print the JSON Schema of mapping, model or connector manifest files, so that editors complete and check them. The mapping schema knows the fields of your model.") { what };
        command.SetAction((parsed, _) =>
        {
            parsed.Out().Write(parsed.GetValue(what) switch
            {
                "model" => FileSchemas.Model(),
                "connector" => ManifestSchema.Create(),
                _ => FileSchemas.Mapping(MappingFolder.Open(CommandWorkspace.Config(parsed).Root).Model(), FunctionLibrary.All.Keys),
            });
            return Task.FromResult(Exit.Ok);
        });
        return command;
    }
}
