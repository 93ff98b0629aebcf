using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Declarative;
using IntegrationHub.Sdk.Http;
using IntegrationHub.Sdk.Tokens;

namespace IntegrationHub.Connections.Declarative;

/// <summary>A good answer of the vendor.</summary>
internal sealed record Answer(Document Body, VendorAnswer Raw);

/// <summary>Sends the requests of one connection: authorised, within the budget, to allowed hosts only, judged by the error table.</summary>
internal sealed class DeclarativeClient : IDisposable
{
    private readonly ManifestPlan _plan;
    private readonly Values _settings;
    private readonly IReadOnlyDictionary<string, JsonElement> _given;
    private readonly TimeProvider _time;
    private readonly Uri _address;
    private readonly HashSet<string> _ownHosts;
    private readonly VendorClient _calls;
    private readonly VendorClient? _tokenCalls;
    private readonly IDecodeAnswers? _decoder;

    // The error table sees an answer first; what it parsed is what is read then.
    private readonly ConditionalWeakTable<VendorAnswer, Document> _judged = [];

    // Laid out, a page takes several times its bytes; the next one is put into the same memory.
    private JsonTape? _spare;

    public DeclarativeClient(ConnectionContext context, ManifestPlan plan, IReadOnlyDictionary<string, JsonElement> given, ManifestCodes codes)
    {
        _plan = plan;
        _given = given;
        _time = context.Time;
        _settings = new Values().With("settings", given);
        _address = Address(plan.Address.Fill(_settings) ?? "", context.Name);
        _ownHosts = [.. plan.Manifest.Settings.Where(s => s.Type == InputType.Address && given.ContainsKey(s.Name)).Select(s => new Uri(given[s.Name].GetString()!).Authority), _address.Authority];
        _decoder = plan.AnswerCode is { } code ? codes.Get<IDecodeAnswers>(code) : null;
        var signer = plan.Auth?.Code is { } signature ? codes.Get<ISignRequests>(signature) : null;
        var table = new ErrorTable(plan.ErrorCode, plan.GoodCodes, plan.Errors, context.Time);
        var shared = new VendorClientOptions
        {
            BaseAddress = _address,
            Classify = answer => table.Classify(answer, Parse),
            Budget = context.Budgets.For($"{plan.Manifest.Id}:{plan.Account?.Fill(_settings) ?? $"{_address.Authority}:{Credentials()}"}", plan.Budget),
        };
        if (plan.Auth?.Token is { } token)
        {
            _tokenCalls = new(context, shared);
            var tokens = new TokenBroker(context, new() { Identity = $"{_address}|{Credentials()}", Renew = (last, cancel) => RenewAsync(token, last, cancel) });
            _calls = new(context, shared with { Tokens = tokens, Authorize = (message, _, access) => Authorize(message, new Values(_settings).With("token", access!.Value)) });
        }
        else
        {
            _calls = new(context, shared with
            {
                Authorize = (message, request, _) =>
                {
                    Authorize(message, _settings);
                    signer?.Sign(message, request, given, _time.GetUtcNow());
                },
            });
        }
    }

    /// <summary>The settings, for placeholders.</summary>
    public Values Settings => _settings;

    /// <summary>Sends a request.</summary>
    /// <exception cref="ConnectorException">Says what should happen next.</exception>
    public Task<Answer> SendAsync(RequestPlan request, Values values, CancellationToken cancellationToken) =>
        SendAsync(request.Build(values) with { Writes = false }, cancellationToken);

    /// <summary>Sends a request that changes something: once.</summary>
    /// <exception cref="ConnectorException">Says what should happen next.</exception>
    public Task<Answer> WriteAsync(RequestPlan request, Values values, CancellationToken cancellationToken) =>
        SendAsync(request.Build(values) with { Writes = true }, cancellationToken);

    /// <summary>Follows an address that the vendor named, with the headers of the request that led there.</summary>
    /// <exception cref="ConnectorException">Says what should happen next.</exception>
    public Task<Answer> FollowAsync(string link, RequestPlan like, Values values, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(_address, link, out var uri))
            throw new ConnectorException(ConnectorErrorKind.Permanent, "the next page's address cannot be read");
        // Path and query apart, because messages name the path only.
        var query = uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2))
            .Select(p => KeyValuePair.Create(Decode(p[0]), p.Length > 1 ? Decode(p[1]) : ""));
        return SendAsync(like.Build(values) with { Method = HttpMethod.Get, Path = uri.GetLeftPart(UriPartial.Path), Query = [.. query], Body = default }, cancellationToken);
    }

    /// <summary>Of an answer that has been read and will not be asked again: its memory is for the next one.</summary>
    public void Release(Answer answer)
    {
        if (answer.Body == Document.Nothing)
            return;
        _judged.Remove(answer.Raw);
        _spare = answer.Body.Release();
    }

    public void Dispose()
    {
        _calls.Dispose();
        _tokenCalls?.Dispose();
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    private static Uri Address(string text, string connection) =>
        Uri.TryCreate(text.EndsWith('/') ? text : text + "/", UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new ConnectorException(ConnectorErrorKind.Configuration, $"connection '{connection}': the settings do not give an http(s) address");

    private async Task<Answer> SendAsync(VendorRequest request, CancellationToken cancellationToken, VendorClient? client = null)
    {
        Admit(request.Path);
        var answer = await (client ?? _calls).SendAsync(request, cancellationToken);
        try
        {
            if (request.Writes && answer.Body.IsEmpty)
                return new(Document.Nothing, answer);
            // Records may be parts of the document's bytes; those of a decoder are its own.
            return new(_decoder is null ? Parse(answer) ?? throw Document.IsNone(answer.Body) : Document.Of(_decoder.Decode(answer.Body, _given).ToArray()), answer);
        }
        catch (ConnectorException e)
        {
            throw new ConnectorException(e.Kind, $"{request.Path}: {e.Message}", e) { RetryAfter = e.RetryAfter, MayHaveHappened = request.Writes };
        }
    }

    private Document? Parse(VendorAnswer answer)
    {
        if (_judged.TryGetValue(answer, out var document))
            return document;
        var tape = Interlocked.Exchange(ref _spare, null) ?? new();
        if (Document.TryParse(answer.Body, tape) is { } parsed)
            _judged.Add(answer, document = parsed);
        else
            _spare = tape;
        return document;
    }

    /// <summary>A vendor's answer must not lead the hub, with its credentials, to a host of the answer's choice.</summary>
    private void Admit(string target)
    {
        var uri = new Uri(_address, target);
        var isDeclared = uri.IsDefaultPort && _plan.Hosts.Any(host => host.StartsWith("*.", StringComparison.Ordinal) ? uri.Host.EndsWith(host[1..], StringComparison.OrdinalIgnoreCase) : uri.Host.Equals(host, StringComparison.OrdinalIgnoreCase));
        if (!(isDeclared || _ownHosts.Contains(uri.Authority)) || (uri.Scheme != "https" && uri.Scheme != _address.Scheme))
            throw new ConnectorException(ConnectorErrorKind.Permanent, $"{uri.GetLeftPart(UriPartial.Authority)} is not among the hosts of connector '{_plan.Manifest.Id}'; if it belongs to the system, add it to 'hosts:' of the manifest");
    }

    private void Authorize(HttpRequestMessage message, Values values)
    {
        foreach (var (name, template) in _plan.Auth?.Headers ?? [])
            if (template.Fill(values) is { } value)
                message.Headers.TryAddWithoutValidation(name, value);
        foreach (var (name, value) in RequestPlan.BasicHeader(_plan.Auth?.Basic, values))
            message.Headers.TryAddWithoutValidation(name, value);
        foreach (var (name, template) in _plan.Auth?.Query ?? [])
            if (template.Fill(values) is { } value)
                message.RequestUri = new UriBuilder(message.RequestUri!) { Query = $"{message.RequestUri!.Query.TrimStart('?')}{(message.RequestUri.Query.Length > 1 ? "&" : "")}{Uri.EscapeDataString(name)}={Uri.EscapeDataString(value)}" }.Uri;
    }

    private async Task<AccessToken> RenewAsync(TokenPlan token, AccessToken? last, CancellationToken cancellationToken)
    {
        var values = new Values(_settings).With("refreshToken", last?.RefreshToken ?? token.FirstRefresh?.Fill(_settings));
        Answer answer;
        try
        {
            answer = await SendAsync(token.Request.Build(values), cancellationToken, _tokenCalls);
        }
        catch (ConnectorException e) when (e.Kind == ConnectorErrorKind.Permanent)
        {
            // What the table does not explain at the token's address is a refusal of the credentials, 400 invalid_grant for one.
            throw new ConnectorException(ConnectorErrorKind.Configuration, e.Message + $"; check {string.Join(", ", Used(token).Order(StringComparer.Ordinal))}", e) { Code = e.Code };
        }

        if (answer.Body.Text(token.Value) is not { Length: > 0 } value)
            throw new ConnectorException(ConnectorErrorKind.Permanent, $"the answer to the token request holds no token at {token.Value}");
        var life = decimal.TryParse(answer.Body.Text(token.Life), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds((double)Math.Clamp(seconds, 0, 315_360_000)) : token.LifeOtherwise;
        return new(value, life is { } span ? _time.GetUtcNow() + span : null) { RefreshToken = answer.Body.Text(token.Refresh) };
    }

    /// <summary>The settings that credentials are made of.</summary>
    private static IEnumerable<string> Used(TokenPlan token) => token.Request.Placeholders.Concat(token.FirstRefresh?.Placeholders ?? []).Where(p => p.StartsWith("settings.", StringComparison.Ordinal)).Select(p => p["settings.".Length..]).Distinct();

    /// <summary>A mark of everything the vendor knows the account by.</summary>
    private string Credentials()
    {
        var auth = _plan.Auth;
        var used = auth is null ? [] : auth.Headers.Concat(auth.Query).SelectMany(p => p.Value.Placeholders).Concat(auth.Basic?.User.Placeholders ?? []).Concat(auth.Basic?.Password.Placeholders ?? []).Concat(auth.Token?.Request.Placeholders ?? []).Concat(auth.Token?.FirstRefresh?.Placeholders ?? []);
        var text = string.Join('\u001f', used.Distinct().Order(StringComparer.Ordinal).Select(p => _settings.Get(p)?.Text));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}
