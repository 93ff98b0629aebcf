using System.Globalization;
using System.Text;
using System.Text.Json;
using IntegrationHub.Connections;
using IntegrationHub.Documents;
using IntegrationHub.Model;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;
using IntegrationHub.Unify;
using IntegrationHub.Yaml;

namespace IntegrationHub.Api;

/// <summary>One request to a mapped route: its parameters, read strictly, and what it works on.</summary>
internal sealed class ApiRequest
{
    private readonly Operation _operation;
    private readonly ReadLog _reads;

    public ApiRequest(HttpContext http, Operation operation, Workspace workspace, PageCursor cursor, ReadLog reads)
    {
        _reads = reads;
        Cursor = cursor;
        Http = http;
        _operation = operation;
        Workspace = workspace;
        foreach (var (name, values) in http.Request.Query)
        {
            if (!operation.Parameters.Any(p => p.Name == name && p.InQuery))
                throw Unknown(name);
            if (values.Count > 1)
                throw new ProblemException(ProblemKind.ParameterInvalid, $"'{name}' is given more than once");
        }
    }

    public HttpContext Http { get; }

    public Workspace Workspace { get; }

    public PageCursor Cursor { get; }

    public EntityDocument Documents => new(Reader, Workspace.Bindings);

    public IHubReader Reader => Workspace.Store.Reader;

    public CancellationToken Cancelled => Http.RequestAborted;

    public string Path(string name) => Http.Request.RouteValues[name]?.ToString() ?? "";

    /// <summary>The parameters of the query, without empty ones refused.</summary>
    public IEnumerable<(string Name, string Value)> Query => Http.Request.Query.Select(p => (p.Key, p.Value.ToString()));

    public string? Text(string name) => Http.Request.Query.TryGetValue(name, out var value) ? value.ToString() : null;

    public long Number(string name, long fallback, long least, long most)
    {
        if (Text(name) is not { } text)
            return fallback;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new ProblemException(ProblemKind.ParameterInvalid, $"'{name}' must be a whole number from {least} to {most}");
    }

    public int Limit() => (int)Number("limit", Math.Min(50, Workspace.Config.Api.PageSize), 1, Workspace.Config.Api.PageSize);

    public long PathNumber(string name) =>
        long.TryParse(Path(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw Missing($"no such {name}");

    /// <summary>The body as a JSON object; <c>null</c> when there is none.</summary>
    public async Task<JsonDocument?> BodyAsync()
    {
        var request = Http.Request;
        if (request.ContentLength is 0 || (request.ContentLength is null && request.Headers.TransferEncoding.Count == 0))
            return null;
        if (!request.HasJsonContentType())
            throw new ProblemException(ProblemKind.MediaTypeUnsupported, "send the body as application/json");
        var body = await JsonDocument.ParseAsync(request.Body, new() { AllowDuplicateProperties = false }, Cancelled);
        if (body.RootElement.ValueKind == JsonValueKind.Object)
            return body;
        body.Dispose();
        throw new ProblemException(ProblemKind.BodyInvalid, "the body must be a JSON object");
    }

    /// <summary>
    /// Tells the sovereignty log whose data the answer will hold. Comes back when that is durable: what is answered before would be data that moved
    /// without an entry.
    /// </summary>
    public Task LogAsync(IReadOnlyList<LogData> data, IEnumerable<LogSubject> subjects, params IReadOnlyList<(string, string)> about) =>
        _reads.WriteAsync(Http, _operation.Id, data, [.. subjects.DistinctBy(s => s.Entity)], about, Cancelled);

    /// <summary>The same for entities of one type.</summary>
    /// <param name="fields">Names of fields and links that were asked for, or <c>null</c> for all.</param>
    public Task LogAsync(EntityType type, IEnumerable<long> entities, IReadOnlySet<string>? fields) => LogAsync(
        [MovedFields.Of(type, type.Fields.Where(f => fields is null || fields.Contains(f.Name)), [])],
        entities.Select(e => new LogSubject(e, EntityId.Format(type, e))));

    public Task JsonAsync(Action<Utf8JsonWriter> write) => Answer.JsonAsync(Http, write);

    public static ProblemException Missing(string detail) => new(ProblemKind.NotFound, detail);

    private ProblemException Unknown(string name)
    {
        var names = _operation.Parameters.Where(p => p.InQuery).Select(p => p.Name).ToList();
        var bracket = name.IndexOf('[');
        var field = bracket < 0 ? name : name[..bracket];
        if (_operation.Entity is not { } entity)
            return new(ProblemKind.ParameterUnknown, $"there is no parameter '{Shown(name)}'{NearestName.Hint(Shown(name), names)}", names);
        if (bracket >= 0 && names.Contains(field))
            return new(ProblemKind.OperatorUnknown, $"'{field}' cannot be compared with '{Shown(name[bracket..])}'", [.. names.Where(n => n == field || n.StartsWith(field + "[", StringComparison.Ordinal))]);
        if (entity.Field(field) is not null)
            return new(ProblemKind.FieldNotIndexed, $"{entity.Plural} cannot be filtered by '{field}'", [.. entity.Fields.Where(f => f.Indexed && !f.Many).Select(f => f.Name)]);
        return new(ProblemKind.ParameterUnknown, $"there is no parameter '{Shown(name)}'{NearestName.Hint(Shown(field), names)}", [.. names.Where(n => !n.Contains('['))]);
    }

    /// <summary>Names are repeated to the one who sent them, but only as far as they can be names.</summary>
    private static string Shown(string name)
    {
        var shown = new StringBuilder();
        foreach (var c in name.Take(40))
            shown.Append(char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '[' or ']' ? c : '?');
        return shown.ToString();
    }
}
