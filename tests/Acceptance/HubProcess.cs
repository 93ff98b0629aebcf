using System.Diagnostics;
using System.Text;

namespace IntegrationHub.Acceptance;

/// <summary>The hub as a user meets it: a process with arguments, output and an exit code, in a folder of its own.</summary>
internal sealed class HubFolder : IDisposable
{
    private static readonly string Program = System.IO.Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "hub.exe" : "hub");

    public string Path { get; } = Directory.CreateTempSubdirectory("hub-acceptance-").FullName;

    public string Write(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Program, arguments)
        {
            WorkingDirectory = Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        // Wherever this test's own runtime stands, the hub's does too.
        start.Environment["DOTNET_ROOT"] = System.IO.Path.GetFullPath(System.IO.Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        return Process.Start(start)!;
    }

    /// <summary>Runs to the end.</summary>
    public Task<HubResult> RunAsync(params string[] arguments) => RunWithInputAsync("", arguments);

    /// <summary>Runs to the end with this text as standard input.</summary>
    public async Task<HubResult> RunWithInputAsync(string input, params string[] arguments)
    {
        using var process = Start(arguments);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        await process.WaitForExitAsync(limit.Token);
        return new(process.ExitCode, await output, await error);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>How a command ended.</summary>
internal sealed record HubResult(int Code, string Output, string Error)
{
    /// <summary>All that a person sees.</summary>
    public string Text => Output + Error;

    /// <summary>A command that had to end with this code and say each of these.</summary>
    public HubResult Ended(int code, params ReadOnlySpan<string> said)
    {
        Assert.True(Code == code, $"exit code {Code}, expected {code}\n{Text}");
        foreach (var part in said)
            Assert.Contains(part, Text, StringComparison.Ordinal);
        Assert.DoesNotContain("   at IntegrationHub", Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled exception", Text, StringComparison.Ordinal);
        return this;
    }

    /// <summary>The output of a command that had to work.</summary>
    public string Succeeded()
    {
        Assert.True(Code == 0, $"exit code {Code}\n{Output}\n{Error}");
        return Output;
    }
}
