using System.Globalization;
using IntegrationHub.Model;

namespace IntegrationHub.Unify;

/// <summary>The id of an entity as the outside sees it: its type and number, such as <c>customer-42</c>.</summary>
public static class EntityId
{
    public static string Format(EntityType type, long number) => string.Create(CultureInfo.InvariantCulture, $"{type.Name}-{number}");

    public static bool TryParse(string id, EntityModel model, out EntityType type, out long number)
    {
        var dash = id.LastIndexOf('-');
        type = (dash > 0 ? model.Find(id[..dash]) : null)!;
        number = 0;
        return type is not null && long.TryParse(id.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0;
    }
}
