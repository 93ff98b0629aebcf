using System.Reflection;
using IntegrationHub.Sdk;
using IntegrationHub.Storage;

namespace IntegrationHub.Tests;

/// <summary>The arrows of the design, held.</summary>
public sealed class ArchitectureTests
{
    private static readonly Assembly Hub = typeof(IHubStore).Assembly;

    [Fact]
    public void Connectors_reference_the_SDK_and_nothing_else_of_ours() =>
        Assert.All(IntegrationHub.Connections.ConnectorRegistry.BuiltIn().All, c => Assert.Equal(["IntegrationHub.Sdk"], Ours(c.GetType().Assembly)));

    [Fact]
    public void The_SDK_references_nothing_of_ours() => Assert.Empty(Ours(typeof(IConnector).Assembly));

    [Fact]
    public void The_client_references_nothing_but_the_platform() =>
        Assert.All(typeof(IntegrationHub.Client.HubClient).Assembly.GetReferencedAssemblies(), a => Assert.StartsWith("System.", a.Name));

    [Fact]
    public void The_hub_loads_nothing_that_is_made_for_tests()
    {
        bool IsForTests(string name) => name.StartsWith("WireMock", StringComparison.Ordinal) || name.StartsWith("IntegrationHub.Simulators", StringComparison.Ordinal) || name.StartsWith("IntegrationHub.Sdk.Simulation", StringComparison.Ordinal);
        Assert.DoesNotContain(Hub.GetReferencedAssemblies(), a => IsForTests(a.Name!));
        // The simulated vendors of the demo stand in a folder of their own.
        Assert.DoesNotContain(Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll"), f => IsForTests(Path.GetFileName(f)));
        Assert.Contains(Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "vendors"), "*.dll"), f => IsForTests(Path.GetFileName(f)));
    }

    [Theory]
    [InlineData("Threads", "")]
    [InlineData("Json", "")]
    [InlineData("Yaml", "Json")]
    [InlineData("Model", "Json Yaml")]
    [InlineData("Mapping", "Json Yaml Model")]
    [InlineData("Storage", "Threads Json Yaml Model")]
    [InlineData("Unify", "Threads Json Yaml Model Mapping Storage")]
    [InlineData("Sovereignty", "Json Model Storage")]
    [InlineData("Connections", "Threads Json Yaml Model Mapping Storage Unify Sovereignty")]
    [InlineData("Documents", "Json Model Storage Unify")]
    [InlineData("Delivery", "Json Yaml Model Mapping Storage Unify Sovereignty Documents Connections")]
    [InlineData("Api", "Json Yaml Model Mapping Storage Unify Sovereignty Documents Connections Delivery Host")]
    [InlineData("Host", "Json Yaml Model Mapping Storage Unify Sovereignty Documents Connections Delivery Api")]
    public void A_folder_uses_only_the_folders_below_it(string folder, string below)
    {
        var allowed = below.Split(' ', StringSplitOptions.RemoveEmptyEntries).Append(folder).ToHashSet();
        var sources = Directory.EnumerateFiles(Path.Combine(Repository(), "src", "Hub", folder), "*.cs", SearchOption.AllDirectories);
        var used = from source in sources
                   from line in File.ReadLines(source)
                   where line.StartsWith("using IntegrationHub.", StringComparison.Ordinal)
                   let name = line["using IntegrationHub.".Length..].TrimEnd(';').Split('.')[0]
                   where name is not ("Sdk" or "Connectors") && !allowed.Contains(name)
                   select $"{Path.GetFileName(source)}: {line}";
        Assert.Empty(used);
    }

    [Fact]
    public void Pure_folders_do_no_input_or_output()
    {
        var forbidden = new[] { "System.IO.File", "File.Read", "File.Open", "FileStream", "HttpClient", "Directory.", "Console." };
        var found = from folder in new[] { "Json", "Yaml", "Model", "Mapping", "Unify" }
                    from source in Directory.EnumerateFiles(Path.Combine(Repository(), "src", "Hub", folder), "*.cs", SearchOption.AllDirectories)
                    from line in File.ReadLines(source)
                    where !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && forbidden.Any(f => line.Contains(f, StringComparison.Ordinal))
                    select $"{Path.GetFileName(source)}: {line.Trim()}";
        Assert.Empty(found);
    }

    [Fact]
    public void Public_types_of_the_SDK_are_sealed_static_or_made_for_extension()
    {
        var open = typeof(IConnector).Assembly.GetExportedTypes().Where(t => t is { IsClass: true, IsSealed: false } && t.Name != nameof(StreamItem));
        Assert.Empty(open);
    }

    [Fact]
    public void Options_of_connectors_are_sealed() => Assert.All(IntegrationHub.Connections.ConnectorRegistry.BuiltIn().All, c => Assert.True(c.Manifest.Options!.IsSealed));

    private static string[] Ours(Assembly assembly) =>
        [.. assembly.GetReferencedAssemblies().Select(a => a.Name!).Where(n => n.StartsWith("IntegrationHub", StringComparison.Ordinal) || n == Hub.GetName().Name)];

    private static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "IntegrationHub.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("the repository is not above the tests");
        return folder;
    }
}
