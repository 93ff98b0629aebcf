using System.Reflection;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Declarative;
using IntegrationHub.Yaml;

namespace IntegrationHub.Connections.Plugins;

/// <summary>
/// Third-party code: each folder in <c>connectors/</c> beside <c>hub.yaml</c> that has a <c>connector.yaml</c>. It brings a connector, code for slots of declarative
/// connectors (<see cref="IManifestCode"/>), or both.
/// </summary>
public static class PluginFolder
{
    public const string Name = "connectors";

    /// <summary>Loads all; what cannot be loaded stops nobody else.</summary>
    /// <param name="root">The folder of <c>hub.yaml</c>.</param>
    public static Plugins Load(string root)
    {
        var connectors = new List<PluginConnector>();
        var codes = new Dictionary<string, IManifestCode>(StringComparer.Ordinal);
        var failures = new List<PluginFailure>();
        var place = Path.Combine(root, Name);
        var folders = Directory.Exists(place) ? Directory.GetDirectories(place) : [];
        foreach (var folder in folders.Where(d => File.Exists(Path.Combine(d, PluginManifest.FileName))).Order(StringComparer.Ordinal))
            try
            {
                var (connector, brought) = LoadOne(folder);
                if (brought.FirstOrDefault(c => codes.ContainsKey(c.Name)) is { } twice)
                    throw new PluginException($"there is other code named '{twice.Name}'");
                if (connector is not null && connectors.Any(c => c.Manifest.Id == connector.Manifest.Id))
                    throw new PluginException($"there is another connector '{connector.Manifest.Id}'");
                foreach (var code in brought)
                    codes.Add(code.Name, code);
                if (connector is not null)
                    connectors.Add(connector);
            }
            catch (PluginException e)
            {
                failures.Add(new(folder, e.Message));
            }

        return new(connectors, [.. codes.Values], failures);
    }

    private static (PluginConnector? Connector, IReadOnlyList<IManifestCode> Codes) LoadOne(string folder)
    {
        try
        {
            var capabilities = PluginManifest.Read(folder);
            var file = Path.GetFullPath(Path.Combine(folder, capabilities.Assembly));
            if (!File.Exists(file))
                throw new PluginException($"there is no {capabilities.Assembly} in it");
            var assembly = new PluginLoadContext(file).LoadFromAssemblyPath(file);
            CheckSdk(assembly);
            var connectors = Make<IConnector>(assembly);
            var codes = Make<IManifestCode>(assembly);
            if (connectors.Count > 1 || connectors.Count + codes.Count == 0)
                throw new PluginException($"{capabilities.Assembly} has {connectors.Count} public classes that implement IConnector; it needs one");
            if (codes.Any(c => c.Name is not { Length: > 0 }))
                throw new PluginException("code for a slot of a manifest has no name");
            var connector = connectors.Count == 0 ? null : new PluginConnector(connectors[0], capabilities, folder);
            return connector is null or { Manifest.Id.Length: > 0 } ? (connector, codes) : throw new PluginException("its manifest has no id");
        }
        catch (InvalidFileException e)
        {
            throw new PluginException(string.Join("; ", e.Faults));
        }
        catch (Exception e) when (e is BadImageFormatException or FileLoadException or FileNotFoundException or TypeLoadException or ReflectionTypeLoadException)
        {
            throw new PluginException(e is ReflectionTypeLoadException { LoaderExceptions: [{ } first, ..] } ? first.Message : e.Message);
        }
        catch (Exception e) when (e is not (PluginException or OutOfMemoryException))
        {
            // Its own code: constructor or manifest. The message may hold anything.
            throw new PluginException($"its constructor or manifest failed with {(e.InnerException ?? e).GetType().Name}");
        }
    }

    private static List<T> Make<T>(Assembly assembly)
    {
        var types = assembly.GetExportedTypes().Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(T))).ToList();
        return types.Find(t => t.GetConstructor([]) is null) is { } other
            ? throw new PluginException($"{other.Name} needs a public constructor without parameters")
            : [.. types.Select(t => (T)Activator.CreateInstance(t)!)];
    }

    private static void CheckSdk(Assembly assembly)
    {
        var ours = typeof(IConnector).Assembly.GetName().Version!;
        if (assembly.GetReferencedAssemblies().FirstOrDefault(a => a.Name == "IntegrationHub.Sdk")?.Version is { } theirs && theirs > ours)
            throw new PluginException($"it was built against IntegrationHub.Sdk {theirs}, this hub has {ours}; update the hub");
    }
}

/// <summary>What third parties brought.</summary>
public sealed record Plugins(IReadOnlyList<PluginConnector> Connectors, IReadOnlyList<IManifestCode> Codes, IReadOnlyList<PluginFailure> Failures);

/// <summary>A third-party connector that could not be loaded.</summary>
/// <param name="Folder">Its folder.</param>
/// <param name="Reason">Why, for the person who installed it.</param>
public sealed record PluginFailure(string Folder, string Reason);

internal sealed class PluginException(string message) : Exception(message);
