using System.Text.Json.Nodes;
using IntegrationHub.Connections.Declarative;
using IntegrationHub.Yaml;

namespace IntegrationHub.Tests.Connections.Declarative;

public sealed class ManifestCompilerTests
{
    [Fact]
    public void All_faults_of_a_file_are_told_at_once_with_place_and_nearest_name()
    {
        var faults = Faults("""
            connector: Acme CRM
            title: Acme
            familly: erp
            description: A test.
            region: Germany
            address: "{settings.ur}"
            settings:
              url: { type: adress, required: true, description: The address. }
              size: { type: integer, default: many, description: Rows. }
              unused: { description: Nobody asks for it. }
            auth: { key: { value: "{settings.url}" } }
            budget: { calls: 0, per: 60 }
            errors:
              table:
                - { status: 4299, means: rate-limitted }
                - { means: permanent }
            streams:
              items:
                description: An item.
                request: { gett: v1/items, query: { page: "{pag}", size: "{settings.size" } }
                paging: { style: page, size: "{settings.size}" }
                records: $.data[*
                key: $..id
                deletions: sometimes
            """);
        Assert.Equal(
            """
            m.yaml:1:12: connector: expected lower-case letters, digits, - and _, beginning with a letter, found 'Acme CRM'
            m.yaml:3:1: unknown 'familly' in a connector manifest; did you mean 'family'?
            m.yaml:5:9: region: expected an ISO 3166-1 code of two capital letters, found 'Germany'
            m.yaml:6:12: unknown placeholder 'settings.ur' here; did you mean 'settings.url'?
            m.yaml:8:16: 'type': 'adress' is not one of text, integer, number, flag, choice, address, duration, time, date, list, object; did you mean 'address'?
            m.yaml:9:35: default: 'many' is not of type integer
            m.yaml:10:3: setting 'unused' is used nowhere; use {settings.unused} or leave it out
            m.yaml:11:14: auth.key: expected either 'header:' or 'query:', the name it goes by
            m.yaml:12:18: calls: expected a whole number from 1 to 1000000, found '0'
            m.yaml:12:26: per: expected a span of time such as 00:10:00 or 30.00:00:00 (days first), found '60'
            m.yaml:15:17: status: expected an HTTP status, found '4299'
            m.yaml:15:30: means: 'rate-limitted' is not one of configuration, re-authenticate, rate-limited, transient, permanent, bad-record, start-again; did you mean 'rate-limited'?
            m.yaml:16:7: an entry of errors.table needs 'status:' or 'code:'
            m.yaml:20:14: request of stream 'items' uses {page} nowhere: every page would be the first
            m.yaml:20:14: request of stream 'items': expected one of get, post, put, patch, delete, with the path, such as 'get: contacts'
            m.yaml:20:16: unknown 'gett' in request of stream 'items'; did you mean 'get'?
            m.yaml:20:49: unknown placeholder 'pag' here; did you mean 'page'?
            m.yaml:20:63: '{' without '}'; write '{{' for a brace
            m.yaml:22:22: expected ',' or ']' after a selector, found the end of the text
            m.yaml:23:10: expected a path to one value, such as $.data.id, found '$..id'
            m.yaml:24:16: deletions: 'sometimes' is not one of never, explicit, by-absence; known are by-absence, explicit, never
            """.ReplaceLineEndings("\n"), faults);
    }

    [Fact]
    public void Callbacks_and_actions_that_could_be_forged_or_doubled_are_refused()
    {
        var faults = Faults("""
            connector: acme
            title: Acme
            description: A test.
            address: "https://api.example.com"
            settings: { secret: { secret: true, description: A secret. } }
            streams:
              items: { description: An item., request: { get: items }, records: "$[*]", key: $.id }
            callbacks:
              signature: { style: hmac-sha256, secret: "{settings.secret}", header: X-Signature, over: "{timestamp}" }
              events:
                - { stream: item, id: $.id, subject: $.id }
            actions:
              send: { description: Sends., input: { text: { description: What. } }, request: { post: messages, json: { text: hello } } }
            """);
        Assert.Equal(
            """
            m.yaml:9:14: callbacks.signature needs 'timestamp:', where {timestamp} of 'over:' stands
            m.yaml:9:92: over: the body must be signed: use {body}
            m.yaml:11:7: an entry of callbacks.events needs one of 'record:' (it is in the callback), 'read:' (it is asked for) and 'deleted: true'
            m.yaml:11:17: unknown stream 'item'; did you mean 'items'?
            m.yaml:13:9: action 'send': the hub repeats an action when its answer was lost, so the vendor must know it again: send {key} (such as the header Idempotency-Key), or say 'repeatable: true' where doing it twice is the same as once
            m.yaml:13:41: input 'text' is used nowhere; use {input.text} or leave it out
            """.ReplaceLineEndings("\n"), faults);
    }

    [Fact]
    public void Manifests_that_come_with_the_hub_compile() => Assert.Contains(DeclarativeFolder.Open(Path.GetTempPath(), ManifestCodes.None), c => c.Manifest.Id == "sam-gov");

    [Fact]
    public void A_file_beside_hub_yaml_replaces_the_one_of_the_hub_and_its_faults_are_told()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "connectors"));
        File.WriteAllText(Path.Combine(folder.Path, "connectors", "sam-gov.yaml"), "connector: sam-gov\n");
        var fault = Assert.Throws<InvalidFileException>(() => DeclarativeFolder.Open(folder.Path, ManifestCodes.None));
        Assert.Contains("a connector manifest needs 'streams:'", fault.Message, StringComparison.Ordinal);
    }

    /// <summary>Every section that the schema describes is read with exactly the members that the schema names.</summary>
    [Fact]
    public void The_schema_offers_what_the_compiler_reads()
    {
        var manifest = new JsonObject();
        var sections = new List<(string Path, string[] Members)>();
        Fill(JsonNode.Parse(ManifestSchema.Create())!.AsObject(), manifest, "", sections);
        Assert.True(sections.Count > 25, $"only {sections.Count} sections");
        var text = manifest.ToJsonString();
        var faults = Assert.Throws<InvalidFileException>(() => ManifestCompiler.Compile("m.yaml", text, ManifestCodes.None)).Faults.Select(f => f.Message).ToList();
        foreach (var (path, members) in sections)
        {
            // Each section holds a member that nobody knows; the complaint tells what is known there.
            var told = faults.FirstOrDefault(f => f.StartsWith($"unknown 'zz{path}zz'", StringComparison.Ordinal));
            Assert.True(told is not null, $"section {path} is not read, or takes anything");
            Assert.Equal(members.Order(StringComparer.Ordinal), told.Split("known are ")[1].Split(", "));
        }
    }

    private static void Fill(JsonObject schema, JsonObject into, string path, List<(string, string[])> sections)
    {
        if (schema["properties"] is not JsonObject properties)
            return;
        sections.Add((path, [.. properties.Select(p => p.Key)]));
        into[$"zz{path}zz"] = 1;
        foreach (var (name, member) in properties)
            into[name] = Sample(member!.AsObject(), $"{path}-{name}", sections);
    }

    private static JsonNode Sample(JsonObject schema, string path, List<(string, string[])> sections)
    {
        if (schema["properties"] is not null)
        {
            var section = new JsonObject();
            Fill(schema, section, path, sections);
            return section;
        }

        if (schema["anyOf"] is JsonArray either)
            return Sample(either.Select(e => e!.AsObject()).FirstOrDefault(e => e["properties"] is not null) ?? either[0]!.AsObject(), path, sections);
        if (schema["items"] is JsonObject items)
            return new JsonArray(Sample(items, path, sections));
        if (schema["additionalProperties"] is JsonObject values)
            return new JsonObject { ["name"] = Sample(values, path, sections) };
        return JsonValue.Create("x");
    }

    private static string Faults(string manifest) =>
        string.Join('\n', Assert.Throws<InvalidFileException>(() => ManifestCompiler.Compile("m.yaml", manifest, ManifestCodes.None)).Faults.OrderBy(f => f.Line).ThenBy(f => f.Column).ThenBy(f => f.Message, StringComparer.Ordinal).Select(f => f.ToString()));
}
