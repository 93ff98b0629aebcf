using IntegrationHub.Connections;
using IntegrationHub.Mapping;
using IntegrationHub.Mapping.Functions;
using IntegrationHub.Model;
using IntegrationHub.Yaml;

namespace IntegrationHub.Commands;

/// <summary>
/// The model and the mapping to evaluate with. A file given by the person holds YAML documents between lines of three dashes: those with <c>entity:</c>
/// take the place of the hub's model, those with <c>extends:</c> add to it, one with <c>source:</c> maps the rows. What is left out is the hub's own.
/// </summary>
internal sealed record EvaluationRules(EntityModel Model, EntityType Type, MappingPlan Mapping)
{
    public static EvaluationRules Read(string root, FileInfo? file)
    {
        var folder = MappingFolder.Open(root);
        if (file is { Exists: false })
            throw new UsageException($"no file {file}");
        var parts = file is null ? [] : Documents(File.ReadAllText(file.FullName)).ToList();
        var models = parts.Where(p => Has(p, "entity") || Has(p, "extends")).Select(p => (file!.ToString(), p)).ToList();
        var mapping = parts.FirstOrDefault(p => Has(p, "source"));
        var model = models.Count == 0 ? folder.Model()
            : models.Any(m => Has(m.p, "entity")) ? ModelFiles.Compile(models)
            : folder.Model(models);
        var plan = mapping is not null
            ? MappingCompiler.Compile(file!.ToString(), mapping, model, FunctionLibrary.For(FunctionContext.ForTrying))
            : folder.Evaluation("customers", model);
        return plan.Entities is [var type] ? new(model, type, plan) : throw new UsageException($"{plan.File}: one row must make one contribution; the mapping has {plan.Entities.Count}");
    }

    /// <summary>Each document with empty lines before it, so that faults are told at their place in the file.</summary>
    private static IEnumerable<string> Documents(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var start = 0;
        for (var i = 0; i <= lines.Length; i++)
            if (i == lines.Length || lines[i].TrimEnd() == "---")
            {
                yield return new string('\n', start) + string.Join('\n', lines[start..i]);
                start = i + 1;
            }
    }

    private static bool Has(string document, string member) => YamlNode.Parse(document, new("")) is { } node && node[member] is not null;
}
