using System.Text.Json.Nodes;
using IntegrationHub.Connections;
using IntegrationHub.Delivery;
using IntegrationHub.Documents;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;
using IntegrationHub.Unify;

namespace IntegrationHub.Api;

/// <summary>The change feed, and the part of it that concerns one entity.</summary>
internal static class ChangeRoutes
{
    private const int LongestWait = 60;

    public static void Map(ApiRoutes routes)
    {
        var signal = routes.Services.GetRequiredService<ChangeSignal>();
        var stopping = routes.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        var answer = Schema.Object(("data", Schema.List(Schema.Reference("Change"))), ("last", Schema.Integer(0)));
        routes.Get("/v1/changes", new("list_changes", "changes", "Changes in the order they were committed")
        {
            Description = "Everything that happened after a sequence. Begin with after=0 and go on with after=last of the answer; nothing is left out and nothing comes twice.",
            Parameters =
            [
                new("after", Schema.Integer(0, fallback: 0), "Sequence to go on behind."),
                LimitParameter(routes),
                EntityParameter(routes),
                new("wait", Schema.Integer(0, LongestWait, 0), "Seconds to wait for something new when there is nothing yet."),
            ],
            Answer = answer,
            Problems = [ProblemKind.SequenceAhead],
        }, request => FeedAsync(request, signal, stopping));

        foreach (var type in routes.Workspace.Model.Entities)
        {
            var binding = routes.Workspace.Bindings.Of(type);
            routes.Get($"/v1/{type.Plural}/{{id}}/history", new($"history_{type.Name}", type.Plural, $"Changes of one {type.Name}, oldest first")
            {
                Description = "Stays readable when the entity was merged or is gone.",
                Parameters = [EntityRoutes.IdParameter(type), new("after", Schema.Integer(0, fallback: 0), "Sequence to go on behind."), LimitParameter(routes)],
                Answer = answer,
                Problems = [ProblemKind.NotFound],
            }, async request =>
            {
                var row = await EntityRoutes.FindAsync(request, binding);
                var query = new ChangeQuery(request.Number("after", 0, 0, long.MaxValue), request.Limit()) { Entity = row.Id };
                var changes = await request.Reader.ChangesAsync(query, request.Cancelled);
                await WriteAsync(request, changes, changes.Count > 0 ? changes[^1].Sequence : query.After);
            });
        }
    }

    private static Parameter LimitParameter(ApiRoutes routes) =>
        new("limit", Schema.Integer(1, routes.Workspace.Config.Api.PageSize, Math.Min(50, routes.Workspace.Config.Api.PageSize)), "Changes per answer.");

    internal static Parameter EntityParameter(ApiRoutes routes) => new("entity", Schema.OneOf(routes.Workspace.Model.Entities.Select(e => e.Name)), "Only changes of this type.");

    /// <summary>The type that is asked for, or <c>null</c> for all.</summary>
    internal static int? TypeOf(ApiRequest request) => request.Text("entity") is not { } name ? null
        : request.Workspace.Bindings.Find(name)?.Number
            ?? throw new ProblemException(ProblemKind.ParameterInvalid, "'entity' is no type of the model", [.. request.Workspace.Model.Entities.Select(e => e.Name)]);

    /// <summary>The last sequence of the feed.</summary>
    /// <exception cref="ProblemException">The one who asks has come further.</exception>
    internal static async ValueTask<long> LastAsync(ApiRequest request, long after) =>
        await request.Reader.LastChangeAsync(request.Cancelled) is var last && after <= last ? last
            : throw new ProblemException(ProblemKind.SequenceAhead, $"the last sequence is {last}; was the store restored from a backup?");

    private static async Task FeedAsync(ApiRequest request, ChangeSignal signal, CancellationToken stopping)
    {
        var after = request.Number("after", 0, 0, long.MaxValue);
        var limit = request.Limit();
        var wait = TimeSpan.FromSeconds(request.Number("wait", 0, 0, LongestWait));
        var type = TypeOf(request);
        // Read before the changes: all up to here have been looked through when the page is not full.
        var last = await LastAsync(request, after);

        using var both = CancellationTokenSource.CreateLinkedTokenSource(request.Cancelled, stopping);
        var began = request.Workspace.Time.GetTimestamp();
        var changes = await request.Reader.ChangesAsync(new(after, limit) { Type = type }, request.Cancelled);
        while (changes.Count == 0 && wait - request.Workspace.Time.GetElapsedTime(began) is { Ticks: > 0 } left && !stopping.IsCancellationRequested)
        {
            try
            {
                await signal.WaitAsync(last, left, both.Token);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                // A hub that stops answers those who wait instead of hanging on them.
            }

            var seen = last;
            last = await request.Reader.LastChangeAsync(request.Cancelled);
            if (last > seen)
                changes = await request.Reader.ChangesAsync(new(seen, limit) { Type = type }, request.Cancelled);
        }

        await WriteAsync(request, changes, changes.Count == limit ? changes[^1].Sequence : Math.Max(last, changes.Count > 0 ? changes[^1].Sequence : 0));
    }

    internal static JsonObject SchemaOf() => Schema.Object(
        ("sequence", Schema.Integer(1)),
        ("id", Schema.Text()),
        ("entity", Schema.Text()),
        ("kind", Schema.OneOf(["created", "updated", "merged", "split", "deleted", "erased"])),
        ("at", Schema.Time),
        ("cause", Schema.Object(
            ("run", Schema.Integer()),
            ("mapping", Schema.Text()),
            ("records", Schema.List(Schema.Object(("connection", Schema.Text()), ("stream", Schema.Text()), ("id", Schema.Text())))))),
        ("fields", Schema.Map(Schema.Object(("before?", Schema.Any), ("after?", Schema.Any)))),
        ("links", Schema.Map(Schema.Object(("before?", Schema.List(Schema.Text())), ("after?", Schema.List(Schema.Text()))))),
        ("other?", Schema.Text()));

    /// <summary>Whose data a page of changes holds.</summary>
    internal static (IReadOnlyList<LogData> Data, IReadOnlyList<LogSubject> Subjects) Moved(IReadOnlyList<ChangeRow> changes, Bindings bindings)
    {
        var known = changes.Select(c => (Change: c, Binding: bindings.Find(c.Type))).Where(c => c.Binding is not null).ToList();
        return ([.. known.Select(c => c.Binding!.Type).Distinct().Select(t => MovedFields.Of(t, t.Fields, []))],
            [.. known.Select(c => new LogSubject(c.Change.Entity, EntityId.Format(c.Binding!.Type, c.Change.Entity))).DistinctBy(s => s.Entity)]);
    }

    /// <summary>The documents of changes, which may go out: the sovereignty log has been told. Changes of types that the model no longer declares have none.</summary>
    internal static async ValueTask<IReadOnlyList<byte[]>> LoggedAsync(ApiRequest request, IReadOnlyList<ChangeRow> changes)
    {
        var documents = await new ChangeDocument(request.Reader, request.Workspace.Bindings).WriteAsync(changes, null, request.Cancelled);
        if (documents.Count == 0)
            return documents;
        var (data, subjects) = Moved(changes, request.Workspace.Bindings);
        await request.LogAsync(data, subjects, ("after", $"{changes[0].Sequence - 1}"), ("to", $"{changes[^1].Sequence}"));
        return documents;
    }

    private static async Task WriteAsync(ApiRequest request, IReadOnlyList<ChangeRow> changes, long last)
    {
        var documents = await LoggedAsync(request, changes);
        await request.JsonAsync(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            foreach (var document in documents)
                json.WriteRawValue(document, skipInputValidation: true);
            json.WriteEndArray();
            json.WriteNumber("last", last);
            json.WriteEndObject();
        });
    }
}
