namespace IntegrationHub.Yaml;

/// <summary>One fault in a file a person wrote.</summary>
/// <param name="File">Path as the person gave it.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1, in characters.</param>
/// <param name="Message">What was found, what was expected, and the nearest right name where there is one.</param>
public sealed record Diagnostic(string File, int Line, int Column, string Message)
{
    public override string ToString() => $"{File}:{Line}:{Column}: {Message}";
}

/// <summary>Collects every fault of a file, so that the person sees them all at once.</summary>
public sealed class Diagnostics(string file)
{
    private readonly List<Diagnostic> _all = [];

    public string File { get; } = file;

    public IReadOnlyList<Diagnostic> All => _all;

    public bool Any => _all.Count > 0;

    public void Add(YamlNode at, string message) => Add(at.Line, at.Column, message);

    /// <summary>At a character of a scalar's text.</summary>
    public void Add(YamlNode at, int offset, string message) => Add(at.Line, at.ColumnOf(offset), message);

    public void Add(int line, int column, string message) => _all.Add(new(File, line, column, message));

    public void ThrowIfAny()
    {
        if (Any)
            throw new InvalidFileException(_all);
    }
}

/// <summary>Files that cannot be used, with every fault found.</summary>
public sealed class InvalidFileException(IReadOnlyList<Diagnostic> faults)
    : Exception(string.Join('\n', faults.OrderBy(f => f.File, StringComparer.Ordinal).ThenBy(f => f.Line).ThenBy(f => f.Column)))
{
    public IReadOnlyList<Diagnostic> Faults { get; } = faults;
}
