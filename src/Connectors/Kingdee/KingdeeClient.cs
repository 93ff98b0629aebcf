using System.Globalization;
using System.Text.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Http;
using IntegrationHub.Sdk.Tokens;

namespace IntegrationHub.Connectors.Kingdee;

/// <summary>Calls the WebAPI of one data centre, by session or by signed headers.</summary>
internal sealed class KingdeeClient : IDisposable
{
    private const string Forms = "Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.";
    private const string Logins = "Kingdee.BOS.WebApi.ServicesStub.AuthService.";

    private readonly KingdeeOptions _options;
    private readonly TimeProvider _time;
    private readonly VendorClient _calls;
    private readonly VendorClient _logins;

    public KingdeeClient(ConnectionContext context, KingdeeOptions options)
    {
        _options = options;
        _time = context.Time;
        var site = options.Url!.AbsoluteUri.EndsWith('/') ? options.Url : new Uri(options.Url.AbsoluteUri + "/");
        // The sheet of the vendor says nothing about the rate; several sites are known to fail beyond three calls at once.
        var shared = new VendorClientOptions
        {
            BaseAddress = site,
            Classify = KingdeeErrors.Classify,
            Budget = context.Budgets.For($"kingdee:{site.Host}:{options.AcctId}", new() { Calls = options.CallsPerMinute, Concurrency = 3 }),
        };
        _logins = new(context, shared);
        _calls = options.Auth == KingdeeAuth.SignedHeaders
            ? new(context, shared with { Authorize = Sign })
            : new(context, shared with
            {
                Tokens = new(context, new() { Identity = $"{site}|{options.AcctId}|{options.User}|{options.Auth}|{options.AppId}|{options.AppSecret}|{options.Password}", Renew = LoginAsync }),
                Authorize = (message, _, session) => message.Headers.Add("Cookie", $"kdservice-sessionid={session!.Value}"),
            });
    }

    /// <summary>Rows of a form in the order of the fields; cells keep their text.</summary>
    /// <param name="form">Id of the form.</param>
    /// <param name="fields">Fields, the columns of the answer.</param>
    /// <param name="filter">SQL-like condition; texts in it are quoted by <see cref="Quote"/>.</param>
    /// <param name="order">Fields to sort by, ending in a unique one.</param>
    /// <param name="start">Rows to pass over.</param>
    /// <param name="limit">Rows at most.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<JsonElement>> QueryAsync(string form, IReadOnlyList<string> fields, string filter, string order, int start, int limit, CancellationToken cancellationToken)
    {
        var query = new { FormId = form, FieldKeys = string.Join(',', fields), FilterString = filter, OrderString = order, TopRowCount = 0, StartRow = start, Limit = limit, SubSystemId = "" };
        var answer = await SendAsync(_calls, Forms + "ExecuteBillQuery", [Text(query)], writes: false, cancellationToken).ConfigureAwait(false);
        if (answer.ValueKind != JsonValueKind.Array || answer.EnumerateArray().Any(row => row.ValueKind != JsonValueKind.Array || row.GetArrayLength() != fields.Count))
            throw new ConnectorException(ConnectorErrorKind.Permanent, $"{form}: the site's answer is not {fields.Count} columns as asked for");
        return [.. answer.EnumerateArray()];
    }

    /// <summary>Changes documents: Save, Submit, Audit and their kind.</summary>
    public Task<JsonElement> ChangeAsync(string operation, string form, object data, CancellationToken cancellationToken) =>
        SendAsync(_calls, Forms + operation, [form, Text(data)], writes: true, cancellationToken);

    /// <summary>A text inside a filter. Filters reach the site's SQL: quotes are doubled, control characters refused.</summary>
    public static string Quote(string text) => text.Any(char.IsControl)
        ? throw new ConnectorException(ConnectorErrorKind.Permanent, "a number or time to look for holds control characters")
        : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    public void Dispose()
    {
        _calls.Dispose();
        _logins.Dispose();
    }

    private static string Text(object data) => JsonSerializer.Serialize(data, VendorRequest.JsonOptions);

    private static async Task<JsonElement> SendAsync(VendorClient client, string service, object[] parameters, bool writes, CancellationToken cancellationToken) =>
        (await client.SendAsync(VendorRequest.Post(service + ".common.kdsvc", new { parameters }) with { Writes = writes }, cancellationToken).ConfigureAwait(false)).Json;

    private void Sign(HttpRequestMessage message, VendorRequest request, AccessToken? _)
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        foreach (var (name, value) in KingdeeSignature.Headers(_options, message.RequestUri!.AbsolutePath, now))
            message.Headers.TryAddWithoutValidation(name, value);
    }

    private async Task<AccessToken> LoginAsync(AccessToken? previous, CancellationToken cancellationToken)
    {
        var seconds = _time.GetUtcNow().ToUnixTimeSeconds();
        var (method, parameters) = _options.Auth == KingdeeAuth.Password
            ? ("ValidateUser", new object[] { _options.AcctId, _options.User, _options.Password!, _options.Lcid })
            : ("LoginBySign", [_options.AcctId, _options.User, _options.AppId!, seconds,
                KingdeeSignature.LoginSign(_options.AcctId, _options.User, _options.AppId!, _options.AppSecret!, seconds.ToString(CultureInfo.InvariantCulture)), _options.Lcid]);
        var answer = await SendAsync(_logins, Logins + method, parameters, writes: false, cancellationToken).ConfigureAwait(false);
        if (answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("LoginResultType", out var type) && type.TryGetInt32(out var result) && result == 1
            && answer.TryGetProperty("KDSVCSessionId", out var session) && session.GetString() is { Length: > 0 } id)
            return new(id, null);
        throw new ConnectorException(ConnectorErrorKind.Configuration, $"{method}: the site does not let '{nameof(KingdeeOptions.User).ToLowerInvariant()}' in; check acctId, user and {(_options.Auth == KingdeeAuth.Password ? "password" : "appId and appSecret")}, "
            + "and that the user is not locked (Kingdee locks for about 30 minutes after several failures)");
    }
}
