using IntegrationHub.Connections.Plugins;

namespace IntegrationHub.Tests.Connections.Plugins;

public sealed class PlatformNamesTests
{
    private const string SelfContained = """
        { "targets": {
            ".NETCoreApp,Version=v10.0": {},
            ".NETCoreApp,Version=v10.0/linux-x64": {
              "hub/0.1.0": { "dependencies": { "System.CommandLine": "3.0.0" }, "runtime": { "hub.dll": {} } },
              "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/10.0.12": { "runtime": { "System.Runtime.dll": {}, "Microsoft.CSharp.dll": {} }, "native": { "libclrjit.so": {} } },
              "runtimepack.Microsoft.AspNetCore.App.Runtime.linux-x64/10.0.12": { "runtime": { "Microsoft.AspNetCore.Http.dll": {} } },
              "System.CommandLine/3.0.0": { "runtime": { "lib/net8.0/System.CommandLine.dll": {} } } } } }
        """;

    private const string WithPlatformOfTheMachine = """
        { "targets": { ".NETCoreApp,Version=v10.0": { "hub/0.1.0": { "runtime": { "hub.dll": {} } }, "System.CommandLine/3.0.0": { "runtime": { "lib/net8.0/System.CommandLine.dll": {} } } } } }
        """;

    [Fact]
    public void What_does_not_stand_beside_the_hub_is_the_platform() =>
        Assert.Equal(["System.Runtime", "Microsoft.CSharp"], PlatformNames.Of(
            ["/dotnet/shared/System.Runtime.dll", "/hub/System.CommandLine.dll", "/dotnet/shared/Microsoft.CSharp.dll", "/hub/hub.dll"], "/hub/", [WithPlatformOfTheMachine]));

    [Fact]
    public void What_a_hub_brings_along_is_told_from_its_packages() =>
        Assert.Equal(["System.Runtime", "Microsoft.CSharp", "Microsoft.AspNetCore.Http"], PlatformNames.Of(
            ["/hub/System.Runtime.dll", "/hub/System.CommandLine.dll", "/hub/Microsoft.CSharp.dll", "/hub/Microsoft.AspNetCore.Http.dll", "/hub/hub.dll"], "/hub/", [SelfContained]));

    [Fact]
    public void Here_the_platform_is_known_and_the_hub_is_none_of_it()
    {
        var here = PlatformNames.Here();
        Assert.Superset(new HashSet<string> { "System.Runtime", "Microsoft.CSharp", "Microsoft.Win32.Primitives", "Microsoft.AspNetCore.Http" }, here);
        Assert.DoesNotContain("hub", here);
        Assert.DoesNotContain("System.CommandLine", here);
    }
}
