using IntegrationHub.Model;

namespace IntegrationHub.Unify;

/// <summary>
/// What one thread folds with, until it is disposed of. Its memory, as much as the largest entity took, is used again: a batch of one record would otherwise
/// mostly make new. There are never more than fold at once.
/// </summary>
internal sealed class Folder : IDisposable
{
    private readonly Bindings _bindings;

    private Folder(Bindings bindings) => _bindings = bindings;

    public GoldenFold Fold { get; } = new();

    public GoldenDifference Difference { get; } = new();

    public static Folder Take(Bindings bindings) => bindings.Folders.TryTake(out var idle) ? idle : new(bindings);

    public void Dispose() => _bindings.Folders.Add(this);
}
