using System.Text.Json;

namespace IntegrationHub.Connections.Plugins;

/// <summary>Names of the assemblies that are the platform's and nobody else's: the .NET and ASP.NET frameworks that the hub runs on.</summary>
internal static class PlatformNames
{
    /// <summary>Those of this process.</summary>
    public static HashSet<string> Here() => Of(
        ((string?)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
        AppContext.BaseDirectory,
        ((string?)AppContext.GetData("APP_CONTEXT_DEPS_FILES") ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries).Where(File.Exists).Select(File.ReadAllText));

    /// <param name="assemblies">Paths of all assemblies that the process may load.</param>
    /// <param name="folder">Where the hub stands.</param>
    /// <param name="dependencies">Lists of dependencies (<c>*.deps.json</c>): a hub that brings its platform along has it in its folder with its packages, and its list tells them apart.</param>
    public static HashSet<string> Of(IEnumerable<string> assemblies, string folder, IEnumerable<string> dependencies) =>
        [.. assemblies.Where(path => !path.StartsWith(folder, StringComparison.Ordinal)).Concat(dependencies.SelectMany(Brought)).Select(path => Path.GetFileNameWithoutExtension(path))];

    private static List<string> Brought(string dependencies)
    {
        var found = new List<string>();
        using var document = JsonDocument.Parse(dependencies);
        foreach (var target in document.RootElement.GetProperty("targets").EnumerateObject())
            foreach (var library in target.Value.EnumerateObject())
                if (library.Name.StartsWith("runtimepack.", StringComparison.Ordinal) && library.Value.TryGetProperty("runtime", out var files))
                    found.AddRange(files.EnumerateObject().Select(f => f.Name));
        return found;
    }
}
