using System.Reflection;
using System.Runtime.Loader;

namespace IntegrationHub.Connections.Plugins;

/// <summary>
/// Where the assemblies of one third-party connector live. Shared with the hub are the SDK, the logging contract that the SDK speaks, and the platform; everything else comes
/// from the connector's folder, so that two connectors may use different versions of a package, and none meets the hub's own.
/// </summary>
internal sealed class PluginLoadContext(string assembly) : AssemblyLoadContext("connector " + Path.GetFileNameWithoutExtension(assembly), isCollectible: true)
{
    private static readonly HashSet<string> Platform = PlatformNames.Here();

    private static readonly HashSet<string> Contract = ["IntegrationHub.Sdk", "Microsoft.Extensions.Logging.Abstractions"];

    private readonly AssemblyDependencyResolver _resolver = new(assembly);

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        var name = assemblyName.Name!;
        if (Contract.Contains(name) || Platform.Contains(name))
            return null;
        return _resolver.ResolveAssemblyToPath(assemblyName) is { } path
            ? LoadFromAssemblyPath(path)
            : throw new FileNotFoundException($"'{name}' is not in the connector's folder; publish the connector ('dotnet publish') so that it brings its packages");
    }

    protected override IntPtr LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : IntPtr.Zero;
}
