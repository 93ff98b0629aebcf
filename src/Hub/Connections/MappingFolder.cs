using IntegrationHub.Mapping;
using IntegrationHub.Mapping.Functions;
using IntegrationHub.Model;
using IntegrationHub.Yaml;

namespace IntegrationHub.Connections;

/// <summary>
/// The mapping and model files: those that come with the hub, over them those that third-party connectors bring (<c>connectors/NAME/mappings</c>), and over all those beside
/// <c>hub.yaml</c>. A file of the same relative name replaces the one before; other files add to it.
/// </summary>
public sealed class MappingFolder
{
    // By name, in order.
    private readonly SortedList<string, string> _files = new(StringComparer.Ordinal);

    private MappingFolder()
    {
    }

    /// <summary>The folder beside <c>hub.yaml</c>, where integrators keep theirs.</summary>
    public required string Own { get; init; }

    public static MappingFolder Open(string root)
    {
        var own = Path.Combine(root, "mappings");
        var folder = new MappingFolder { Own = own };
        var plugins = Path.Combine(root, Plugins.PluginFolder.Name);
        var brought = Directory.Exists(plugins) ? Directory.EnumerateDirectories(plugins).Order(StringComparer.Ordinal).Select(d => Path.Combine(d, "mappings")) : [];
        foreach (var place in brought.Prepend(Path.Combine(AppContext.BaseDirectory, "mappings")).Append(own).Where(Directory.Exists))
            foreach (var file in Directory.EnumerateFiles(place, "*.yaml", SearchOption.AllDirectories))
                folder._files[Path.GetRelativePath(place, file).Replace('\\', '/')] = file;
        return folder;
    }

    /// <exception cref="InvalidFileException">With every fault of every model file.</exception>
    public EntityModel Model() => Model([]);

    /// <summary>The model with further files added to it.</summary>
    /// <exception cref="InvalidFileException">With every fault of every model file.</exception>
    public EntityModel Model(IEnumerable<(string File, string Text)> further) =>
        ModelFiles.Compile(Texts(name => name.StartsWith("model/", StringComparison.Ordinal)).Concat(further));

    /// <summary>A mapping of rows that identity is evaluated with.</summary>
    /// <exception cref="InvalidFileException">There is none of that name, or it has faults.</exception>
    public MappingPlan Evaluation(string name, EntityModel model) => _files.TryGetValue($"evaluation/{name}.yaml", out var file)
        ? MappingCompiler.Compile(Shown(file), File.ReadAllText(file), model, FunctionLibrary.For(FunctionContext.ForTrying))
        : throw new InvalidFileException([new($"evaluation/{name}.yaml", 1, 1, "there is no such file among the mappings")]);

    /// <summary>Files of mappings: those in a folder named after a connector.</summary>
    public IEnumerable<(string File, string Text)> Mappings() =>
        Texts(name => name.Contains('/') && name.Split('/')[0] is not ("model" or "policies" or "metrics" or "rules" or "evaluation") && !name.Contains("/fixtures/", StringComparison.Ordinal));

    /// <summary>Files of rules.</summary>
    public IEnumerable<(string File, string Text)> Rules() => Texts(name => name.StartsWith("rules/", StringComparison.Ordinal));

    /// <summary>The source that a file at its usual place maps, <c>connector/stream</c>.</summary>
    public static string UsualSource(string file) => $"{Path.GetFileName(Path.GetDirectoryName(file))}/{Path.GetFileNameWithoutExtension(file)}";

    /// <summary>Compiles all mapping files; faults of all files are reported together.</summary>
    /// <exception cref="InvalidFileException">With every fault of every file.</exception>
    public static IReadOnlyList<MappingPlan> Compile(IEnumerable<(string File, string Text)> files, EntityModel model, IReadOnlyDictionary<string, FunctionSpec> functions)
    {
        var (plans, faults) = TryCompile(files, model, functions);
        return faults.Count > 0 ? throw new InvalidFileException(faults) : plans;
    }

    /// <summary>Compiles what can be, and says what is wrong with the rest.</summary>
    public static (IReadOnlyList<MappingPlan> Plans, IReadOnlyList<Diagnostic> Faults) TryCompile(IEnumerable<(string File, string Text)> files, EntityModel model, IReadOnlyDictionary<string, FunctionSpec> functions)
    {
        var plans = new List<MappingPlan>();
        var faults = new List<Diagnostic>();
        foreach (var (file, text) in files)
            try
            {
                plans.Add(MappingCompiler.Compile(file, text, model, functions));
            }
            catch (InvalidFileException e)
            {
                faults.AddRange(e.Faults);
            }

        foreach (var twice in plans.GroupBy(p => p.Source).Where(g => g.Count() > 1))
            faults.Add(new(twice.Last().File, 1, 1, $"source '{twice.Key}' is already mapped by {twice.First().File}"));
        return (plans, faults);
    }

    private IEnumerable<(string File, string Text)> Texts(Func<string, bool> wanted)
    {
        foreach (var name in _files.Keys)
            if (wanted(name))
                yield return (Shown(_files[name]), File.ReadAllText(_files[name]));
    }

    private static string Shown(string path)
    {
        var relative = Path.GetRelativePath(Directory.GetCurrentDirectory(), path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
    }
}
