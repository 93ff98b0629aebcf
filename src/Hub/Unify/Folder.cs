using IntegrationHub.Model;

namespace IntegrationHub.Unify;

/// <summary>What one thread folds with. Its memory is used again: a batch of one record would otherwise mostly make new.</summary>
internal sealed class Folder : IDisposable
{
    private readonly Bindings _bindings;

    private Folder(Bindings bindings) => _bindings = bindings;

    public GoldenFold Fold { get; } = new();

    public GoldenDifference Difference { get; } = new();

    public static Folder Take(Bindings bindings) => bindings.Folders.TryTake(out var idle) ? idle : new(bindings);

    public void Dispose() => _bindings.Folders.Add(this);
}
