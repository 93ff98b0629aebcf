using System.Text.Json;
using System.Text.Json.Nodes;

namespace IntegrationHub.Connectors.Ocds.Compiling;

/// <summary>
/// A step after merging, not part of the standard: makes every organisation findable in <c>compiledRelease.parties</c>. OCDS 1.0 has no
/// <c>parties</c> and embeds organisations where they act; some 1.1 publishers name a supplier only in the award.
/// </summary>
/// <remarks>
/// An organisation in <c>buyer</c>, <c>tender.procuringEntity</c>, <c>tender.tenderers</c> or <c>awards[].suppliers</c> that no party stands
/// for gets a party: a copy of the embedded object with <c>roles</c>. A reference without <c>id</c> gets the id of its party. Ids are made
/// from the identifier (<c>{scheme}-{id}</c>, or <c>{id}</c> without scheme), else from the name (<c>name:{name}</c>, which cannot be mistaken
/// for an official id). Published parties and the embedded objects themselves stay as they are. An organisation with neither id, identifier
/// nor name is left alone.
/// </remarks>
internal static class EmbeddedOrganizations
{
    public static void AddToParties(JsonObject compiled)
    {
        var published = compiled["parties"] as JsonArray;
        var parties = new Parties(published);
        parties.Add(compiled["buyer"], "buyer");
        if (compiled["tender"] is JsonObject tender)
        {
            parties.Add(tender["procuringEntity"], "procuringEntity");
            parties.AddAll(tender["tenderers"], "tenderer");
        }

        if (compiled["awards"] is JsonArray awards)
            foreach (var award in awards.OfType<JsonObject>())
                parties.AddAll(award["suppliers"], "supplier");

        if (parties.Added.Count == 0)
            return;
        if (published is null)
            compiled["parties"] = published = [];
        foreach (var party in parties.Added)
            published.Add(party);
    }

    private sealed class Parties
    {
        private readonly Dictionary<string, JsonObject> _published = new(StringComparer.Ordinal);
        private readonly Dictionary<string, JsonObject> _added = new(StringComparer.Ordinal);

        public Parties(JsonArray? published)
        {
            foreach (var party in published?.OfType<JsonObject>() ?? [])
            {
                if (OwnId(party) is not { } id)
                    continue;
                _published.TryAdd("id " + id, party);
                if (FromIdentifier(party) is { } identifier)
                    _published.TryAdd("identifier " + identifier, party);
                if (FromName(party) is { } name)
                    _published.TryAdd("name " + name, party);
            }
        }

        public List<JsonObject> Added { get; } = [];

        public void AddAll(JsonNode? organizations, string role)
        {
            if (organizations is JsonArray list)
                foreach (var organization in list)
                    Add(organization, role);
        }

        public void Add(JsonNode? node, string role)
        {
            if (node is not JsonObject organization || Key(organization) is not { } key)
                return;

            if (FindPublished(organization, key) is { } known)
            {
                GiveId(organization, known["id"]);
                return;
            }

            if (!_added.TryGetValue(key, out var party))
            {
                party = (JsonObject)organization.DeepClone();
                GiveId(party, key);
                party["roles"] = new JsonArray();
                _added.Add(key, party);
                Added.Add(party);
            }
            else
            {
                foreach (var (name, value) in organization)
                    if (!party.ContainsKey(name))
                        party[name] = value?.DeepClone();
            }

            GiveId(organization, party["id"]);
            var roles = (JsonArray)party["roles"]!;
            if (!roles.Any(r => r!.GetValue<string>() == role))
                roles.Add(role);
        }

        /// <summary>By id when the reference has one; else by identifier, which a party may also carry as its id; else by name.</summary>
        private JsonObject? FindPublished(JsonObject organization, string key)
        {
            if (OwnId(organization) is not null)
                return _published.GetValueOrDefault("id " + key);
            return FromIdentifier(organization) is not null
                ? _published.GetValueOrDefault("identifier " + key) ?? _published.GetValueOrDefault("id " + key)
                : _published.GetValueOrDefault("name " + key);
        }

        private static void GiveId(JsonObject organization, JsonNode? id)
        {
            if (OwnId(organization) is null)
                organization["id"] = id?.DeepClone();
        }
    }

    private static string? Key(JsonObject organization) => OwnId(organization) ?? FromIdentifier(organization) ?? FromName(organization);

    private static string? OwnId(JsonObject organization) => Filled(ReleaseMerge.IdText(organization));

    private static string? FromIdentifier(JsonObject organization)
    {
        if (organization["identifier"] is not JsonObject identifier || Filled(ReleaseMerge.IdText(identifier)) is not { } id)
            return null;
        return Filled(Text(identifier["scheme"])) is { } scheme ? $"{scheme}-{id}" : id;
    }

    private static string? FromName(JsonObject organization) => Filled(Text(organization["name"])) is { } name ? $"name:{name}" : null;

    private static string? Text(JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    private static string? Filled(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
