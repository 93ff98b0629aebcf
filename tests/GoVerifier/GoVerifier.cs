using System.ComponentModel;
using System.Diagnostics;

namespace IntegrationHub.Tests;

/// <summary>Runs <c>main.go</c> beside this file, which verifies logs with Go's own library and none of our code.</summary>
internal static class GoVerifier
{
    // Where Debian's golang-*-dev packages put their sources.
    private const string Sources = "/usr/share/gocode";

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "GoVerifier");

    private static readonly Lazy<string> Program = new(Build);

    /// <summary>Skips the test, or fails it, where Go or the library is not installed.</summary>
    public static void Require()
    {
        if (!Directory.Exists(Path.Combine(Sources, "src/golang.org/x/mod/sumdb/tlog")) || Run("go", "version") is null)
            Requirement.Missing("golang-go and golang-golang-x-mod-dev are not installed");
    }

    /// <summary>Exit code (0: verified, 1: not) and what it said.</summary>
    public static (int Code, string Said) Verify(params string[] arguments) => Run(Program.Value, arguments)!.Value;

    public static void Accepts(params string[] arguments)
    {
        var (code, said) = Verify(arguments);
        Assert.True(code == 0, $"{string.Join(' ', arguments)}\n{said}");
    }

    /// <summary>It refuses, and for this reason.</summary>
    public static void Refuses(string reason, params string[] arguments)
    {
        var (code, said) = Verify(arguments);
        Assert.True(code == 1 && said.Contains(reason, StringComparison.Ordinal), $"exit code {code}, expected 1 and '{reason}': {string.Join(' ', arguments)}\n{said}");
    }

    private static string Build()
    {
        var program = Path.Combine(Folder, "verify-log");
        var (code, said) = Run("go", "build", "-o", program, Path.Combine(Folder, "main.go"))!.Value;
        return code == 0 ? program : throw new InvalidOperationException($"main.go does not build: {said}");
    }

    /// <returns>Null when there is no such program.</returns>
    private static (int Code, string Said)? Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["GO111MODULE"] = "off";
        start.Environment["GOPATH"] = Sources;
        start.Environment["GOCACHE"] = Path.Combine(Folder, "cache");
        try
        {
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output + error.GetAwaiter().GetResult());
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
