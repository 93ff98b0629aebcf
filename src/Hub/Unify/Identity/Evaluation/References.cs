namespace IntegrationHub.Unify.Identity.Evaluation;

/// <summary>How many contributions stand for each of some things. Nearly always there is but one thing.</summary>
internal static class References
{
    /// <summary>Adds to the references of one thing; what has none is not among those returned.</summary>
    public static (T Of, int Count)[] Add<T>((T Of, int Count)[]? references, T of, int delta)
        where T : IEquatable<T>
    {
        references ??= [];
        var at = Array.FindIndex(references, r => r.Of.Equals(of));
        var count = (at < 0 ? 0 : references[at].Count) + delta;
        if (at < 0)
            return count > 0 ? [.. references, (of, count)] : references;
        if (count <= 0)
            return references.Length == 1 ? [] : [.. references[..at], .. references[(at + 1)..]];
        references = [.. references];
        references[at] = (of, count);
        return references;
    }
}
