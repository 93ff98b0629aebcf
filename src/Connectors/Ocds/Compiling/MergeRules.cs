using System.Collections.Frozen;
using System.Text.Json.Nodes;

namespace IntegrationHub.Connectors.Ocds.Compiling;

/// <summary>
/// How the arrays of a release are merged. The paths were computed from the OCDS 1.1 release schema: arrays marked
/// <c>wholeListMerge</c>, arrays of strings, and arrays whose objects have no <c>id</c> in the schema. Everything else, also under
/// fields the schema does not know, merges by <c>id</c>.
/// </summary>
internal static class MergeRules
{
    private static readonly FrozenSet<string> WholeLists = FrozenSet.Create(StringComparer.Ordinal,
        "parties/additionalIdentifiers", "parties/roles",
        "buyer/additionalIdentifiers",
        "tender/procuringEntity/additionalIdentifiers", "tender/tenderers/additionalIdentifiers",
        "tender/items/additionalClassifications", "tender/additionalProcurementCategories", "tender/submissionMethod",
        "tender/amendments/changes", "tender/amendment/changes",
        "awards/suppliers/additionalIdentifiers", "awards/items/additionalClassifications",
        "awards/amendments/changes", "awards/amendment/changes",
        "contracts/items/additionalClassifications", "contracts/relatedProcesses/relationship",
        "contracts/implementation/transactions/payer/additionalIdentifiers",
        "contracts/implementation/transactions/payee/additionalIdentifiers",
        "contracts/amendments/changes", "contracts/amendment/changes",
        "relatedProcesses/relationship");

    /// <summary>In OCDS 1.0 organisations are embedded and have no <c>id</c>, so these lists are replaced whole.</summary>
    private static readonly FrozenSet<string> WholeListsIn10 =
        FrozenSet.Create(StringComparer.Ordinal, "awards/suppliers", "tender/tenderers");

    /// <summary>Members of the release itself that describe the release, not the process (<c>omitWhenMerged</c>), or are set from outside.</summary>
    public static bool IsOfTheReleaseAlone(string name) => name is "id" or "date" or "tag" or "ocid";

    /// <summary>Whether an array is merged object by object; otherwise it is a value that is replaced whole, also by an empty list.</summary>
    public static bool MergesById(JsonArray array, string path, bool isVersion10) =>
        !WholeLists.Contains(path)
        && !(isVersion10 && WholeListsIn10.Contains(path))
        && array.All(item => item is JsonObject);

    /// <summary>
    /// Whether a value contributes anything. Null is a leaf; empty objects and empty merge-by-id arrays, at any depth, are not.
    /// </summary>
    public static bool HasLeaf(JsonNode? value, string path, bool isVersion10) => value switch
    {
        JsonObject fields => fields.Any(field => HasLeaf(field.Value, $"{path}/{field.Key}", isVersion10)),
        JsonArray array when MergesById(array, path, isVersion10) => array.Any(item => HasLeaf(item, path, isVersion10)),
        _ => true,
    };
}
