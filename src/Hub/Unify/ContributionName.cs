using System.Globalization;
using IntegrationHub.Storage;

namespace IntegrationHub.Unify;

/// <summary>How a contribution is called towards people: its connection and its own id there, such as <c>crm/4711</c>.</summary>
public static class ContributionName
{
    public static string Write(Catalog catalog, ContributionRow row) => $"{catalog.Name(row.Connection)}/{row.Key}";

    /// <summary>The name of a source key as <see cref="EntityBinding.SourceKeyValue"/> writes it.</summary>
    public static string OfSourceKey(Catalog catalog, string sourceKey)
    {
        var colon = sourceKey.IndexOf(':');
        return $"{catalog.Name(int.Parse(sourceKey.AsSpan(0, colon), CultureInfo.InvariantCulture))}/{sourceKey[(colon + 1)..]}";
    }

    /// <summary>The source key of a name, or <c>null</c> when it is none.</summary>
    public static string? Read(Catalog catalog, string name)
    {
        var slash = name.IndexOf('/');
        return slash <= 0 || slash == name.Length - 1 ? null : EntityBinding.SourceKeyValue(catalog.Connection(name[..slash]), name[(slash + 1)..]);
    }
}
