using IntegrationHub.Sdk;
using IntegrationHub.Yaml;

namespace IntegrationHub.Connections.Declarative;

/// <summary>The manifest files: those that come with the hub, and those in <c>connectors/</c> beside <c>hub.yaml</c>. A file of the same name replaces the hub's.</summary>
public static class DeclarativeFolder
{
    /// <summary>Name of the folder, beside the program and beside <c>hub.yaml</c>.</summary>
    public const string Name = "connectors";

    /// <exception cref="InvalidFileException">With every fault of every file.</exception>
    public static IReadOnlyList<IConnector> Open(string root, ManifestCodes codes)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var place in new[] { Path.Combine(AppContext.BaseDirectory, Name), Path.Combine(root, Name) }.Where(Directory.Exists))
            foreach (var file in Directory.EnumerateFiles(place, "*.yaml"))
                files[Path.GetFileName(file)] = file;
        var connectors = new List<IConnector>();
        var faults = new List<Diagnostic>();
        foreach (var file in files.Values)
            try
            {
                connectors.Add(Read(file, codes));
            }
            catch (InvalidFileException e)
            {
                faults.AddRange(e.Faults);
            }

        return faults.Count > 0 ? throw new InvalidFileException(faults) : connectors;
    }

    /// <exception cref="InvalidFileException">With every fault of the file.</exception>
    public static IConnector Read(string file, ManifestCodes codes)
    {
        var relative = Path.GetRelativePath(Directory.GetCurrentDirectory(), file);
        var shown = relative.StartsWith("..", StringComparison.Ordinal) ? file : relative;
        try
        {
            return Compile(shown, File.ReadAllText(file), codes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidFileException([new(shown, 1, 1, "cannot be read: " + e.Message)]);
        }
    }

    /// <exception cref="InvalidFileException">With every fault of the text.</exception>
    public static IConnector Compile(string file, string text, ManifestCodes codes) => new DeclarativeConnector(ManifestCompiler.Compile(file, text, codes), codes);
}
