using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connections.Declarative;

/// <summary>The JSON Schema (2020-12) of connector manifests, for editors, made from the enums and word lists that the compiler reads.</summary>
public static class ManifestSchema
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Create()
    {
        var schema = Section(
            "A connector that is a manifest: no code, no build.",
            ["connector", "title", "description", "address", "streams"],
            ("connector", Text("Its id, as hub.yaml names it and mappings/ID is called.", @"^[a-z][a-z0-9_-]{0,63}$")),
            ("title", Text("The name people know the system by.")),
            ("family", Choice<ConnectorFamily>("What the system is for.")),
            ("description", Text("One or two sentences.")),
            ("documentation", Text("The vendor's documentation that it was built from.")),
            ("region", Text("Where the vendor's servers stand, ISO 3166-1.", "^[A-Z]{2}$")),
            ("address", Text("The address that paths are put behind; may be {settings.NAME}.")),
            ("hosts", Texts("Further hosts that may be called, such as login.example.com or *.example.com.")),
            ("settings", Map("What connections are told; {settings.NAME} stands for the value.", Field(withSecret: true))),
            ("auth", Auth()),
            ("answers", Section("Code that turns answers into JSON.", ["code"], ("code", Text("Name of the code.")))),
            ("budget", Section(
                "How often the account may be called.", [],
                ("calls", Count("Calls in the time of 'per'. Default 600.")),
                ("per", Span("Default 00:01:00.")),
                ("burst", Count("Calls that may go out at once after a pause. Default 20.")),
                ("atOnce", Count("Calls under way at the same time. Default 4.")),
                ("account", Text("What the vendor counts by. Default: the address and the credentials.")))),
            ("errors", Section(
                "What refusals mean. Statuses that the table does not name mean what HTTP says.", [],
                ("code", Path("Where answers carry the vendor's own code.")),
                ("good", Texts("Codes that are no error.")),
                ("table", List("The first entry that fits counts.", Section(
                    "One kind of refusal.", ["means"],
                    ("status", OneOrMore("HTTP status.", new() { ["type"] = "integer", ["minimum"] = 100, ["maximum"] = 599 })),
                    ("code", OneOrMore("The vendor's code.", new() { ["type"] = Array("string", "integer") })),
                    ("means", Words(ManifestCompiler.Meanings.Keys, "What happens next.")),
                    ("reason", Text("What is wrong and what to do, for the person who must act.")),
                    ("wait", Span("How long to wait, when the answer does not say.")),
                    ("until", Text("Where the answer says until when, or how many seconds: a path, or the name of a header.")),
                    ("format", Format("How 'until' writes a time. Default iso.")),
                    ("zone", Zone())))))),
            ("check", Request("The request that tests a connection. Default: the first page of the first stream.")),
            ("streams", Map("What can be read.", Stream())),
            ("callbacks", Callbacks()),
            ("actions", Map("What can be done at the vendor.", Section(
                "An action: one request.", ["description", "request"],
                ("description", Text("What it does, in a sentence.")),
                ("input", Map("Fields of its input; {input.NAME} stands for the value.", Field(withSecret: false))),
                ("personalData", List("Paths of input fields that hold personal data.", Path("A path."))),
                ("request", Request("{key} is the caller's name for this one action.")),
                ("repeatable", Flag("Doing it twice is the same as once.")),
                ("output", Map("What the caller gets, from the answer.", Path("Where it stands.")))))));
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
        schema["title"] = "Integration hub connector manifest";
        return schema.ToJsonString(Indented) + "\n";
    }

    private static JsonObject Field(bool withSecret)
    {
        var field = Section(
            "A field.", ["description"],
            ("type", Words(Enum.GetNames<InputType>().Select(n => n.ToLowerInvariant()), "Default text.")),
            ("required", Flag("It must be given.")),
            ("secret", Flag("Its value is never shown, and hub.yaml gives it by reference.")),
            ("default", new() { ["type"] = Array("string", "number", "boolean"), ["description"] = "What stands for it when it is not given." }),
            ("choices", Texts("With type choice.")),
            ("least", new() { ["type"] = "integer", ["description"] = "The least number." }),
            ("most", new() { ["type"] = "integer", ["description"] = "The greatest number." }),
            ("description", Text("What it is for.")));
        if (!withSecret)
            field["properties"]!.AsObject().Remove("secret");
        return field;
    }

    private static JsonObject Auth()
    {
        (string, JsonObject)[] placed =
        [
            ("header", Text("The header it stands in.")),
            ("query", Text("The parameter it stands in.")),
            ("value", Text("What is written there; {token} is the token. Default Bearer {token}.")),
        ];
        (string, JsonObject)[] grant =
        [
            ("url", Text("Address of the token endpoint.")),
            ("id", Text("Client id.")),
            ("secret", Text("Client secret.")),
            ("scope", Text("Scope.")),
            ("credentials", Words(Enum.GetNames<ManifestCompiler.CredentialPlace>().Select(n => n.ToLowerInvariant()), "Where id and secret stand. Default body.")),
            ("parameters", Map("Further parameters of the form.", Text("A text."))),
            .. placed,
        ];
        return Section(
            "How requests are authorised: one of these.", [],
            ("key", Section("A key in every request.", ["value"], [("header", placed[0].Item2.Copy()), ("query", placed[1].Item2.Copy()), ("value", Text("The key."))])),
            ("basic", Section("HTTP Basic.", ["user", "password"], ("user", Text("User.")), ("password", Text("Password.")))),
            ("clientCredentials", Section("OAuth 2.0 client credentials.", ["url", "id"], [.. grant.Select(g => (g.Item1, g.Item2.Copy()))])),
            ("refreshToken", Section("OAuth 2.0 refresh token.", ["url", "id", "refreshToken"], [.. grant.Select(g => (g.Item1, g.Item2.Copy())), ("refreshToken", Text("The first refresh token; later ones are kept by the hub."))])),
            ("token", Section(
                "A token of the vendor's own kind.", ["request", "found"],
                [
                    ("request", Request("The request that gets it.")),
                    ("found", Path("Where it stands in the answer.")),
                    ("life", Path("Where its life in seconds stands.")),
                    ("lasts", Span("Its life, when the answer does not say.")),
                    ("refresh", Path("Where the next refresh token stands; {refreshToken} in the request.")),
                    ("refreshToken", Text("The first refresh token.")),
                    .. placed,
                ])),
            ("code", Text("Name of code that signs every request.")));
    }

    private static JsonObject Stream() => Section(
        "A stream.", ["description", "request", "records", "key"],
        ("description", Text("What one record is.")),
        ("request", Request("{page}, {size}, {since}, {from} and {to} stand for what paging, since and windows say.")),
        ("paging", Section(
            "How pages follow each other.", ["style"],
            ("style", Choice<PagingStyle>("page: {page} is a number. offset: {page} is the number of records to pass over. token: {page} is the token of the page before. url, link: the answer names the address.")),
            ("size", new() { ["type"] = Array("string", "integer"), ["description"] = "Records of a page, {size}." }),
            ("first", new() { ["type"] = "integer", ["minimum"] = 0, ["description"] = "The first page's number. Default 1, offsets 0." }),
            ("next", Path("Where the next token or address stands.")),
            ("total", Path("Where the number of all records stands.")),
            ("exact", Flag("total is the number of different records: a list of which fewer were seen has changed meanwhile, and is read again.")),
            ("last", Text("A condition that says of an answer that it is the last page, such as $.has_more == false.")),
            ("emptyEnds", Flag("A page without records is the last, although it names a next one.")))),
        ("records", Path("The records of an answer, such as $.data[*].")),
        ("recordsMayBeMissing", Flag("An answer without the list has no records; otherwise it is an error.")),
        ("key", OneOrMore("Where the record's key stands; several are joined by /.", Path("A path inside the record."))),
        ("observedAt", new()
        {
            ["description"] = "Where the time of change stands. Default: the value of 'since'.",
            ["anyOf"] = new JsonArray(Path("ISO 8601."), Section("With a format.", ["path"], ("path", Path("A path inside the record.")), ("format", Format("Default iso.")), ("zone", Zone()))),
        }),
        ("since", Section(
            "Reads what changed; {since} is the value to begin at.", ["value"],
            ("value", Path("What grows when a record changes, inside the record.")),
            ("format", Format("How it is written. Default iso.", withNumber: true)),
            ("zone", Zone()),
            ("overlap", new() { ["type"] = Array("string", "integer"), ["description"] = "How far a run reaches back, because vendors commit late. Default 00:10:00." }),
            ("from", Text("Where the first run begins. Default: at the beginning.")),
            ("order", Choice<ManifestCompiler.Order>("ascending when the vendor gives the oldest first. Default any.")))),
        ("windows", Section(
            "Asks for one span of time after the other, {from} to {to}, both included.", ["from"],
            ("length", Span("Default 30.00:00:00.")),
            ("unit", Span("The step of the vendor's clock. Default 00:00:01.")),
            ("overlap", Span("How far a run reaches back. Default 1.00:00:00.")),
            ("ahead", Span("How far behind now the last window ends. Default 00:10:00.")),
            ("from", Text("Where the first run begins.")),
            ("format", Format("How times are written. Default iso.")),
            ("zone", Zone()))),
        ("deletions", Words(ManifestCompiler.Deletions.Keys, "How the vendor tells that a record is gone. Default never.")),
        ("personalData", List("Paths of fields that hold personal data.", Path("A path inside the record."))));

    private static JsonObject Callbacks() => Section(
        "What the vendor sends by itself.", ["signature", "events"],
        ("signature", Section(
            "How the vendor proves that it is the vendor.", ["style", "secret"],
            [
                ("style", Words(ManifestCompiler.Signatures.Keys, "hmac-sha256, standard-webhooks (its three headers), or a token in the request.")),
                ("secret", Text("The secret, a setting.")),
                .. Part(),
                ("encoding", Words(Enum.GetNames<ManifestCompiler.Encoding>().Select(n => n.ToLowerInvariant()), "Default hex.")),
                ("prefix", Text("What stands before the signature, such as sha256=.")),
                ("over", Text("What is signed: {body} and {timestamp}. Default {body}.")),
                ("timestamp", Section("Where the time of sending stands.", [], Part())),
                ("format", Format("How the time is written. Default seconds.")),
                ("zone", Zone()),
                ("tolerance", Span("How far the time may be off. Default 00:05:00.")),
            ])),
        ("handshake", Section(
            "How the vendor tests the address: what stands here is sent back.", [],
            [
                ("when", Text("A condition that says which requests are tests. Default: those that have it.")),
                .. Part(),
                ("member", Text("Sent back as a JSON object with this one member. Default: as text.")),
                ("signed", Flag("The test carries the signature. Default true.")),
            ])),
        ("answer", Text("What the vendor is answered. Default nothing.")),
        ("answerType", Text("Type of the answer. Default text/plain.")),
        ("events", List("Kinds of events; every one whose condition holds counts.", Section(
            "A kind of event.", ["stream", "subject"],
            ("when", Text("A condition, such as $.type == 'contact.updated'.")),
            ("stream", Text("The stream whose record it concerns.")),
            ("id", Text("What is the same for every redelivery: a path, or the name of a header.")),
            ("subject", Path("What names the record.")),
            ("record", Path("The record stands in the callback, here.")),
            ("read", Request("The record is asked for; {subject} names it.")),
            ("answered", Path("Where the record stands in that answer.")),
            ("deleted", Flag("The record is gone."))))));

    private static (string, JsonObject)[] Part() =>
        [("header", Text("In this header.")), ("query", Text("In this parameter.")), ("path", Path("In the body, here."))];

    private static JsonObject Request(string description) => Section(
        description, [],
        ("get", Text("Path.")),
        ("post", Text("Path.")),
        ("put", Text("Path.")),
        ("patch", Text("Path.")),
        ("delete", Text("Path.")),
        ("query", Map("Parameters; one whose placeholder stands for nothing is left out.", Scalar())),
        ("headers", Map("Headers.", Text("A text."))),
        ("json", new() { ["description"] = "A JSON body; a text that is one placeholder keeps the type of what it stands for." }),
        ("form", Map("A form as body.", Scalar())));

    private static JsonObject Section(string description, string[] required, params IEnumerable<(string Name, JsonObject Schema)> members)
    {
        var section = new JsonObject { ["type"] = "object", ["description"] = description, ["additionalProperties"] = false };
        if (required.Length > 0)
            section["required"] = Array(required);
        section["properties"] = new JsonObject([.. members.Select(m => KeyValuePair.Create(m.Name, (JsonNode?)m.Schema))]);
        return section;
    }

    private static JsonObject Copy(this JsonObject schema) => (JsonObject)schema.DeepClone();

    private static JsonObject Map(string description, JsonObject values) => new() { ["type"] = "object", ["description"] = description, ["additionalProperties"] = values };

    private static JsonObject List(string description, JsonObject items) => new() { ["type"] = "array", ["description"] = description, ["items"] = items };

    private static JsonObject OneOrMore(string description, JsonObject item) => new() { ["description"] = description, ["anyOf"] = new JsonArray(item, new JsonObject { ["type"] = "array", ["items"] = item.Copy() }) };

    private static JsonObject Text(string description, string? pattern = null)
    {
        var text = new JsonObject { ["type"] = "string", ["description"] = description };
        if (pattern is not null)
            text["pattern"] = pattern;
        return text;
    }

    private static JsonObject Scalar() => new() { ["type"] = Array("string", "number", "boolean") };

    private static JsonObject Path(string description) => Text(description, @"^\$");

    private static JsonObject Span(string description) => Text(description, @"^(\d+\.)?\d{1,2}:\d{2}(:\d{2}(\.\d{1,7})?)?$");

    private static JsonObject Zone() => Text("Offset of times without one, such as +08:00.", @"^[+-]\d{2}:\d{2}$");

    private static JsonObject Format(string description, bool withNumber = false) =>
        Text($"{description} {string.Join(", ", ValueFormat.Names.Where(n => withNumber || n != "number"))}, or a pattern such as MM/dd/yyyy.");

    private static JsonObject Texts(string description) => List(description, new() { ["type"] = Array("string", "integer") });

    private static JsonObject Count(string description) => new() { ["type"] = "integer", ["minimum"] = 1, ["description"] = description };

    private static JsonObject Flag(string description) => new() { ["type"] = "boolean", ["description"] = description };

    private static JsonObject Choice<T>(string description) where T : struct, Enum => Words(Enum.GetNames<T>().Select(n => n.ToLowerInvariant()), description);

    private static JsonObject Words(IEnumerable<string> words, string description) => new() { ["enum"] = Array([.. words]), ["description"] = description };

    private static JsonArray Array(params string[] values) => new([.. values.Select(v => (JsonNode)v)]);
}
