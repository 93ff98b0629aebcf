namespace IntegrationHub.Unify.Identity.Evaluation;

/// <summary>How many contributions stand for each thing in a list.</summary>
internal static class References
{
    /// <summary>Adds to the references of one thing; without any it leaves the list. Returns whether anything is in the list.</summary>
    public static bool Add<T>(List<(T Of, int Count)> references, T of, int delta)
        where T : IEquatable<T>
    {
        var at = references.Count - 1;
        while (at >= 0 && !references[at].Of.Equals(of))
            at--;
        var count = (at < 0 ? 0 : references[at].Count) + delta;
        if (count > 0 && at >= 0)
            references[at] = (of, count);
        else if (count > 0)
            references.Add((of, count));
        else if (at >= 0)
            references.RemoveAt(at);
        return references.Count > 0;
    }
}
