using System.Reflection;
using IntegrationHub.Sdk;
using IntegrationHub.Yaml;

namespace IntegrationHub.Connections.Plugins;

/// <summary>The third-party connectors: each folder in <c>connectors/</c> beside <c>hub.yaml</c> that has a <c>connector.yaml</c>.</summary>
public static class PluginFolder
{
    public const string Name = "connectors";

    /// <summary>Loads all; what cannot be loaded stops nobody else.</summary>
    /// <param name="root">The folder of <c>hub.yaml</c>.</param>
    /// <param name="taken">Ids that are not free.</param>
    public static (IReadOnlyList<PluginConnector> Connectors, IReadOnlyList<PluginFailure> Failures) Load(string root, IEnumerable<string> taken)
    {
        var connectors = new List<PluginConnector>();
        var failures = new List<PluginFailure>();
        var ids = taken.ToHashSet(StringComparer.Ordinal);
        var place = Path.Combine(root, Name);
        var folders = Directory.Exists(place) ? Directory.GetDirectories(place) : [];
        foreach (var folder in folders.Where(d => File.Exists(Path.Combine(d, PluginManifest.FileName))).Order(StringComparer.Ordinal))
            try
            {
                var connector = Load(folder);
                if (ids.Add(connector.Manifest.Id))
                    connectors.Add(connector);
                else
                    failures.Add(new(folder, $"there is another connector '{connector.Manifest.Id}'"));
            }
            catch (PluginException e)
            {
                failures.Add(new(folder, e.Message));
            }

        return (connectors, failures);
    }

    private static PluginConnector Load(string folder)
    {
        try
        {
            var capabilities = PluginManifest.Read(folder);
            var file = Path.GetFullPath(Path.Combine(folder, capabilities.Assembly));
            if (!File.Exists(file))
                throw new PluginException($"there is no {capabilities.Assembly} in it");
            var assembly = new PluginLoadContext(file).LoadFromAssemblyPath(file);
            CheckSdk(assembly);
            var types = assembly.GetExportedTypes().Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(IConnector))).ToList();
            if (types is not [var type])
                throw new PluginException($"{capabilities.Assembly} has {types.Count} public classes that implement IConnector; it needs one");
            if (type.GetConstructor([]) is null)
                throw new PluginException($"{type.Name} needs a public constructor without parameters");
            var connector = new PluginConnector((IConnector)Activator.CreateInstance(type)!, capabilities);
            return connector.Manifest.Id is { Length: > 0 } ? connector : throw new PluginException("its manifest has no id");
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

    private static void CheckSdk(Assembly assembly)
    {
        var ours = typeof(IConnector).Assembly.GetName().Version!;
        if (assembly.GetReferencedAssemblies().FirstOrDefault(a => a.Name == "IntegrationHub.Sdk")?.Version is { } theirs && theirs > ours)
            throw new PluginException($"it was built against IntegrationHub.Sdk {theirs}, this hub has {ours}; update the hub");
    }
}

/// <summary>A third-party connector that could not be loaded.</summary>
/// <param name="Folder">Its folder.</param>
/// <param name="Reason">Why, for the person who installed it.</param>
public sealed record PluginFailure(string Folder, string Reason);

internal sealed class PluginException(string message) : Exception(message);
