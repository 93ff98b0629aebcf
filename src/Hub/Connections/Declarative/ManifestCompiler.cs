using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Declarative;
using IntegrationHub.Sdk.Http;
using IntegrationHub.Yaml;

namespace IntegrationHub.Connections.Declarative;

/// <summary>Turns a manifest file into a plan, reporting all its faults at once. What the file may say is in <see cref="ManifestSchema"/> too; a test holds both together.</summary>
internal sealed partial class ManifestCompiler
{
    private readonly Diagnostics _diagnostics;
    private readonly ManifestCodes _codes;
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private string[] _settings = [];

    private ManifestCompiler(string file, ManifestCodes codes)
    {
        _diagnostics = new(file);
        _codes = codes;
    }

    /// <exception cref="InvalidFileException">With every fault of the file.</exception>
    public static ManifestPlan Compile(string file, string text, ManifestCodes codes)
    {
        var compiler = new ManifestCompiler(file, codes);
        var plan = compiler.File(text);
        compiler._diagnostics.ThrowIfAny();
        return plan!;
    }

    private ManifestPlan? File(string text)
    {
        if (YamlSection.Over(YamlNode.Parse(text, _diagnostics), "a connector manifest", _diagnostics) is not { } file)
            return null;
        var id = file.Text("connector", required: true) ?? "";
        if (file.Get("connector") is { } named && !Id().IsMatch(id))
            _diagnostics.Add(named, $"connector: expected lower-case letters, digits, - and _, beginning with a letter, found '{id}'");
        var region = file.Text("region");
        if (region is not null && !Region().IsMatch(region))
            _diagnostics.Add(file.Get("region")!, $"region: expected an ISO 3166-1 code of two capital letters, found '{region}'");
        var settings = Fields(file.Map("settings"), "settings", allowSecrets: true);
        _settings = [.. settings.Select(s => "settings." + s.Name)];
        var address = Text(file, "address", _settings, required: true) ?? Template.Literal("");
        if (address.Placeholders.Any() is false && !Uri.TryCreate(address.Opening, UriKind.Absolute, out _) && file.Get("address") is { } wrong)
            _diagnostics.Add(wrong, $"address: expected an http(s) address, found '{address.Opening}'");
        var streams = file.Map("streams").Select(s => Stream(s.Key, s.Value)).OfType<(StreamManifest Manifest, StreamPlan Plan)>().ToList();
        if (file.Require("streams") is { } none && streams.Count == 0 && !_diagnostics.Any)
            _diagnostics.Add(none, "streams: expected at least one stream");
        var names = streams.Select(s => s.Manifest.Name).ToList();
        var actions = file.Map("actions").Select(a => Action(a.Key, a.Value)).OfType<ActionPlan>().ToList();
        var callbacks = Callbacks(file.Get("callbacks"), names);
        var errors = YamlSection.Over(file.Get("errors"), "errors", _diagnostics);
        var plan = new ManifestPlan
        {
            Manifest = new()
            {
                Id = id,
                Title = file.Text("title", required: true) ?? "",
                Family = file.Choice("family", ConnectorFamily.Other),
                Description = file.Text("description", required: true) ?? "",
                Documentation = file.Text("documentation"),
                Region = region,
                Settings = settings,
                Streams = [.. streams.Select(s => s.Manifest)],
                Actions = [.. actions.Select(a => a.Manifest)],
                Callbacks = callbacks is not null,
            },
            Address = address,
            Hosts = file.Texts("hosts"),
            Auth = Auth(file.Get("auth")),
            AnswerCode = Code<IDecodeAnswers>(file.Get("answers"), "answers"),
            Budget = Budget(file.Get("budget"), out var account),
            Account = account,
            ErrorCode = errors is null ? null : Path(errors.Get("code")),
            GoodCodes = errors?.Texts("good") ?? [],
            Errors = [.. errors?.List("table").Select(Error).OfType<ErrorRule>() ?? []],
            Check = file.Get("check") is { } check ? Request(check, "check", _settings) : null,
            Streams = [.. streams.Select(s => s.Plan)],
            Callbacks = callbacks,
            Actions = actions,
        };
        if (plan.GoodCodes.Count > 0 && plan.ErrorCode is null)
            _diagnostics.Add(errors!.Get("good")!, "good: needs 'code:', the path of the vendor's code in an answer");
        errors?.Finish();
        foreach (var (key, _) in file.Map("settings"))
            if (plan.AnswerCode is null && plan.Auth?.Code is null && !_used.Contains("settings." + key.Text))
                _diagnostics.Add(key, $"setting '{key.Text}' is used nowhere; use {{settings.{key.Text}}} or leave it out");
        file.Finish();
        return plan;
    }

    private List<FieldManifest> Fields(IReadOnlyList<KeyValuePair<YamlNode, YamlNode>> members, string what, bool allowSecrets)
    {
        var fields = new List<FieldManifest>();
        foreach (var (key, value) in members)
        {
            if (!FieldName().IsMatch(key.Text))
                _diagnostics.Add(key, $"{what}: a name is camelCase letters and digits, found '{key.Text}'");
            if (YamlSection.Over(value, $"'{key.Text}' in {what}", _diagnostics) is not { } section)
                continue;
            var field = new FieldManifest
            {
                Name = key.Text,
                Type = section.Choice("type", InputType.Text),
                Required = section.Flag("required"),
                Secret = allowSecrets && section.Flag("secret"),
                Default = section.Text("default"),
                Choices = section.Texts("choices"),
                Least = section.Get("least") is null ? null : Number(section, "least", long.MinValue),
                Most = section.Get("most") is null ? null : Number(section, "most", long.MaxValue),
                Description = section.Text("description", required: true) ?? "",
            };
            section.Finish();
            if (field.Type == InputType.Choice != field.Choices.Count > 0)
                _diagnostics.Add(value, $"{key.Text}: 'choices:' belongs to type choice, and type choice needs it");
            if (field.Default is { } standing && !field.Accepts(JsonSerializer.SerializeToElement(standing)))
                _diagnostics.Add(section.Get("default")!, $"default: '{standing}' is not of type {field.Type.ToString().ToLowerInvariant()}");
            if (field.Default is not null && (field.Required || field.Secret))
                _diagnostics.Add(section.Get("default")!, $"default: what is {(field.Secret ? "secret" : "required")} has none");
            fields.Add(field);
        }

        return fields;
    }

    private AuthPlan? Auth(YamlNode? node)
    {
        if (YamlSection.Over(node, "auth", _diagnostics) is not { } auth)
            return null;
        var kinds = auth.Node.Members.Where(m => m.Key.Text is "key" or "basic" or "clientCredentials" or "refreshToken" or "token" or "code").ToList();
        if (kinds.Count != 1)
            _diagnostics.Add(auth.Node, "auth: expected one of key, basic, clientCredentials, refreshToken, token, code");
        var plans = kinds.Select(kind => kind.Key.Text switch
        {
            "key" => Key(auth.Get("key")!),
            "basic" => Basic(auth.Get("basic")!),
            "clientCredentials" => OAuth(auth.Get("clientCredentials")!, "clientCredentials"),
            "refreshToken" => OAuth(auth.Get("refreshToken")!, "refreshToken"),
            "token" => Token(auth.Get("token")!),
            _ => new AuthPlan { Code = Named<ISignRequests>(auth.Get("code")) },
        }).ToList();
        foreach (var kind in (string[])["key", "basic", "clientCredentials", "refreshToken", "token", "code"])
            auth.Get(kind);
        auth.Finish();
        return plans.FirstOrDefault();
    }

    private AuthPlan? Key(YamlNode node)
    {
        if (YamlSection.Over(node, "auth.key", _diagnostics) is not { } key)
            return null;
        var plan = Placed(key, Text(key, "value", _settings, required: true), "auth.key");
        key.Finish();
        return plan;
    }

    /// <summary>Where a key or token stands: in a header or a parameter.</summary>
    private AuthPlan Placed(YamlSection section, Template? value, string what, string? usualHeader = null)
    {
        var (header, query) = (section.Text("header"), section.Text("query"));
        if (header is null && query is null)
            header = usualHeader;
        if (header is null == query is null)
            _diagnostics.Add(section.Node, $"{what}: expected either 'header:' or 'query:', the name it goes by");
        value ??= Template.Literal("");
        return header is not null ? new() { Headers = [new(header, value)] } : new() { Query = [new(query ?? "", value)] };
    }

    private AuthPlan? Basic(YamlNode node)
    {
        if (YamlSection.Over(node, "auth.basic", _diagnostics) is not { } basic)
            return null;
        var plan = new AuthPlan { Basic = (Text(basic, "user", _settings, required: true)!, Text(basic, "password", _settings, required: true)!) };
        basic.Finish();
        return plan;
    }

    private AuthPlan? OAuth(YamlNode node, string grant)
    {
        if (YamlSection.Over(node, "auth." + grant, _diagnostics) is not { } oauth)
            return null;
        var isRefresh = grant == "refreshToken";
        var target = Text(oauth, "url", _settings, required: true);
        var (id, secret, scope) = (Text(oauth, "id", _settings, required: true), Text(oauth, "secret", _settings), Text(oauth, "scope", _settings));
        var inBasic = oauth.Choice("credentials", CredentialPlace.Body) == CredentialPlace.Basic;
        var form = new List<KeyValuePair<string, Template>> { new("grant_type", Template.Literal(isRefresh ? "refresh_token" : "client_credentials")) };
        void Add(string name, Template? value)
        {
            if (value is not null)
                form.Add(new(name, value));
        }

        if (isRefresh)
            Add("refresh_token", Compile("{refreshToken}", oauth.Node, ["refreshToken"]));
        if (!inBasic)
        {
            Add("client_id", id);
            Add("client_secret", secret);
        }

        Add("scope", scope);
        foreach (var (key, value) in oauth.Map("parameters"))
            Add(key.Text, Text(value, _settings));
        var plan = Placed(oauth, Text(oauth, "value", [.. _settings, "token"]) ?? Compile("Bearer {token}", oauth.Node, ["token"]), "auth." + grant, "Authorization") with
        {
            Token = new()
            {
                Request = new() { Method = HttpMethod.Post, Target = target ?? Template.Literal(""), Form = form, Basic = inBasic && id is not null ? (id, secret ?? Template.Literal("")) : null },
                Value = Path("$.access_token"),
                Life = Path("$.expires_in"),
                Refresh = isRefresh ? Path("$.refresh_token") : null,
                FirstRefresh = isRefresh ? Text(oauth, "refreshToken", _settings, required: true) : null,
            },
        };
        oauth.Finish();
        return plan;
    }

    private AuthPlan? Token(YamlNode node)
    {
        if (YamlSection.Over(node, "auth.token", _diagnostics) is not { } token)
            return null;
        var plan = Placed(token, Text(token, "value", [.. _settings, "token"]) ?? Compile("Bearer {token}", token.Node, ["token"]), "auth.token", "Authorization") with
        {
            Token = new()
            {
                Request = Request(token.Require("request"), "auth.token.request", [.. _settings, "refreshToken"]) ?? Nowhere,
                Value = Path(token.Require("found")) ?? Path("$"),
                Life = Path(token.Get("life")),
                LifeOtherwise = token.Get("lasts") is null ? null : Span(token, "lasts", TimeSpan.Zero),
                Refresh = Path(token.Get("refresh")),
                FirstRefresh = Text(token, "refreshToken", _settings),
            },
        };
        token.Finish();
        return plan;
    }

    private CallBudgetOptions Budget(YamlNode? node, out Template? account)
    {
        account = null;
        var usual = new CallBudgetOptions();
        if (YamlSection.Over(node, "budget", _diagnostics) is not { } budget)
            return usual;
        var options = new CallBudgetOptions
        {
            Calls = (int)Number(budget, "calls", usual.Calls, 1, 1_000_000),
            Window = Span(budget, "per", usual.Window),
            Burst = (int)Number(budget, "burst", usual.Burst, 1, 10_000),
            Concurrency = (int)Number(budget, "atOnce", usual.Concurrency, 1, 100),
        };
        account = Text(budget, "account", _settings);
        budget.Finish();
        return options;
    }

    private ErrorRule? Error(YamlNode node)
    {
        if (YamlSection.Over(node, "an entry of errors.table", _diagnostics) is not { } error)
            return null;
        var until = error.Get("until");
        var rule = new ErrorRule
        {
            Statuses = [.. OneOrMore(error, "status").Select(n => int.TryParse(n.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var status) && status is >= 100 and <= 599 ? status : Fault(n, $"status: expected an HTTP status, found {n}", 0))],
            Codes = [.. OneOrMore(error, "code").Select(n => n.Text)],
            Meaning = Word(error, "means", Meanings, ErrorMeaning.Permanent, required: true),
            Reason = error.Text("reason"),
            Wait = error.Get("wait") is null ? null : Span(error, "wait", TimeSpan.Zero),
            Until = until is { Text: ['$', ..] } ? Path(until) : null,
            UntilHeader = until is { Text: ['$', ..] } ? null : until?.Text,
            UntilFormat = Format(error, "format"),
        };
        if (rule.Statuses.Count == 0 && rule.Codes.Count == 0)
            _diagnostics.Add(node, "an entry of errors.table needs 'status:' or 'code:'");
        error.Finish();
        return rule;
    }

    private string? Code<T>(YamlNode? node, string what) where T : IManifestCode
    {
        if (YamlSection.Over(node, what, _diagnostics) is not { } section)
            return null;
        var name = Named<T>(section.Require("code"));
        section.Finish();
        return name;
    }

    private string? Named<T>(YamlNode? node) where T : IManifestCode
    {
        if (node is not null && _codes.Fault<T>(node.Text) is { } fault)
            _diagnostics.Add(node, fault);
        return node?.Text;
    }

    /// <summary>Where client id and secret stand in a token request.</summary>
    internal enum CredentialPlace
    {
        Body,
        Basic,
    }

    internal static readonly IReadOnlyDictionary<string, ErrorMeaning> Meanings = new Dictionary<string, ErrorMeaning>
    {
        ["configuration"] = ErrorMeaning.Configuration,
        ["re-authenticate"] = ErrorMeaning.ReAuthenticate,
        ["rate-limited"] = ErrorMeaning.RateLimited,
        ["transient"] = ErrorMeaning.Transient,
        ["permanent"] = ErrorMeaning.Permanent,
        ["bad-record"] = ErrorMeaning.BadRecord,
        ["start-again"] = ErrorMeaning.StartAgain,
    };

    [GeneratedRegex(@"\A[a-z][a-z0-9_-]{0,63}\z")]
    private static partial Regex Id();

    [GeneratedRegex(@"\A[A-Z]{2}\z")]
    private static partial Regex Region();

    [GeneratedRegex(@"\A[a-z][A-Za-z0-9]{0,63}\z")]
    private static partial Regex FieldName();
}
