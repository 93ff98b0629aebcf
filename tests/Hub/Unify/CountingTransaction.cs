using IntegrationHub.Storage;
using IntegrationHub.Tests.Storage;

namespace IntegrationHub.Tests.Unify;

/// <summary>Tells how many contributions are read by entity.</summary>
internal sealed class CountingTransaction(IHubTransaction inner, Action<int> read) : DelegatingTransaction(inner)
{
    public override async ValueTask<IReadOnlyList<ContributionRow>> ContributionsOfEntityAsync(long entity)
    {
        var rows = await base.ContributionsOfEntityAsync(entity);
        read(rows.Count);
        return rows;
    }
}
