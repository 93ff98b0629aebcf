using System.CommandLine;
using System.Text.Json.Nodes;
using IntegrationHub.Connections;
using IntegrationHub.Delivery;
using IntegrationHub.Delivery.Rules;
using IntegrationHub.Unify;
using IntegrationHub.Yaml;

namespace IntegrationHub.Commands;

/// <summary><c>hub subscriptions</c> and <c>hub deliveries</c>: who is told of changes, and what could not be delivered. A running hub takes up what is asked within a second.</summary>
internal static class SubscriptionCommands
{
    public static Command Subscriptions()
    {
        var list = new Command("list", "List subscriptions and how they stand.");
        list.SetAction((parsed, cancel) => WithAsync(parsed, async subscriptions =>
        {
            var all = new List<(Subscription Subscription, SubscriptionStatus Status)>();
            foreach (var subscription in await subscriptions.AllAsync(cancel))
                all.Add((subscription, await subscriptions.StatusAsync(subscription, cancel)));
            if (parsed.WantsJson())
                parsed.Out().WriteLine(new JsonArray([.. all.Select(s => SubscriptionDocument.Of(s.Subscription, s.Status))]).ToJsonString(Printing.Json));
            else if (all.Count == 0)
                parsed.Out().WriteLine("no subscriptions; they stand below 'subscriptions:' in hub.yaml, or are added with 'hub subscriptions add'");
            else
                Printing.Table(parsed.Out(), ["name", "state", "destination", "delivered", "behind", "waiting", "parked", "reason"], all.Select(s => (IReadOnlyList<string>)
                [
                    s.Subscription.Name, s.Status.Word, $"{s.Subscription.Sink.Kind} {s.Subscription.Sink.Target}", $"{s.Status.State?.Delivered ?? 0}", $"{s.Status.Behind}", $"{s.Status.Waiting}", $"{s.Status.Parked}",
                    s.Status.Hold?.Reason ?? s.Status.State?.Reason ?? "",
                ]));
            return Exit.Ok;
        }, cancel));

        var file = new Argument<FileInfo>("file") { Description = "YAML or JSON as it would stand below the name in hub.yaml." };
        var add = new Command("add", "Add a subscription, or change one that was added. A webhook without secrets gets one, shown once.") { Name(), file };
        add.SetAction((parsed, cancel) => WithAsync(parsed, async (workspace, subscriptions) =>
        {
            var source = parsed.GetValue(file)!;
            if (!source.Exists)
                throw new InvalidFileException([new(source.FullName, 1, 1, "there is no such file")]);
            var (subscription, secret) = await subscriptions.AddAsync(Name(parsed), await File.ReadAllTextAsync(source.FullName, cancel), workspace.Log.Writer.Operator, cancel);
            if (parsed.WantsJson())
                Printing.WriteJson(parsed.Out(), new { name = subscription.Name, secret });
            else
                parsed.Out().WriteLine(secret is null ? $"subscription '{subscription.Name}' is saved" : $"subscription '{subscription.Name}' is saved; its receiver verifies with this secret, which is shown once:\n{secret}");
            return Exit.Ok;
        }, cancel));

        var remove = new Command("remove", "Remove a subscription that was added, with its position and all that waits.") { Name() };
        remove.SetAction((parsed, cancel) => WithAsync(parsed, async (workspace, subscriptions) =>
        {
            var subscription = await FindAsync(parsed, subscriptions, cancel);
            if (!await subscriptions.RemoveAsync(subscription.Name, workspace.Log.Writer.Operator, cancel))
                throw new UsageException(subscription.Sink is RuleSinkOptions rule ? $"'{subscription.Name}' is a rule; take {rule.Rule.File} away" : $"subscription '{subscription.Name}' stands in hub.yaml; take it out there");
            parsed.Out().WriteLine($"subscription '{subscription.Name}' is removed");
            return Exit.Ok;
        }, cancel));

        var pause = new Command("pause", "Send nothing until it is resumed; nothing is lost.") { Name() };
        pause.SetAction((parsed, cancel) => WithAsync(parsed, async (workspace, subscriptions) =>
        {
            var subscription = await FindAsync(parsed, subscriptions, cancel);
            await subscriptions.PauseAsync(subscription.Name, "paused by an operator", workspace.Log.Writer.Operator, cancel);
            parsed.Out().WriteLine($"subscription '{subscription.Name}' is paused");
            return Exit.Ok;
        }, cancel));
        var resume = new Command("resume", "Go on where it stopped, after a pause or when its destination had said that it is gone.") { Name() };
        resume.SetAction((parsed, cancel) => WithAsync(parsed, async (workspace, subscriptions) =>
        {
            var subscription = await FindAsync(parsed, subscriptions, cancel);
            await subscriptions.ResumeAsync(subscription.Name, workspace.Log.Writer.Operator, cancel);
            parsed.Out().WriteLine($"subscription '{subscription.Name}' goes on");
            return Exit.Ok;
        }, cancel));
        return new("subscriptions", "Who is told of changes.") { list, add, remove, pause, resume };
    }

    public static Command Deliveries()
    {
        var of = new Option<string?>("--subscription") { Description = "Only of this subscription." };
        var parked = new Option<bool>("--parked") { Description = "Only those that are not tried any more." };
        var limit = new Option<int>("--limit") { Description = "How many.", DefaultValueFactory = _ => 50 };
        var list = new Command("list", "List events that wait for another try or are parked, with the reason.") { of, parked, limit };
        list.SetAction((parsed, cancel) => WithAsync(parsed, async (workspace, subscriptions) =>
        {
            var catalog = workspace.Store.Catalog;
            int? number = parsed.GetValue(of) is { } name ? catalog.Subscription((await FindAsync(name, subscriptions, cancel)).Name) : null;
            var rows = await workspace.Store.Reader.DeliveriesAsync(new(parsed.GetValue(limit)) { Subscription = number, IsParked = parsed.GetValue(parked) ? true : null }, cancel);
            var documents = rows.Select(r => SubscriptionDocument.Of(r, catalog)).ToList();
            if (parsed.WantsJson())
                parsed.Out().WriteLine(new JsonArray([.. documents]).ToJsonString(Printing.Json));
            else if (rows.Count == 0)
                parsed.Out().WriteLine("nothing waits and nothing is parked");
            else
                Printing.Table(parsed.Out(), ["subscription", "sequence", "state", "attempts", "next try", "reason"], documents.Select(d => (IReadOnlyList<string>)
                    [$"{d["subscription"]}", $"{d["sequence"]}", $"{d["state"]}", $"{d["attempts"]}", $"{d["nextTry"]}", $"{d["reason"]}"]));
            return Exit.Ok;
        }, cancel));

        var sequence = new Option<long?>("--sequence") { Description = "Only this event. Default: all that are parked." };
        var retry = new Command("retry", "Give parked events another turn.") { Name(), sequence };
        retry.SetAction((parsed, cancel) => WithAsync(parsed, async (workspace, subscriptions) =>
        {
            var subscription = await FindAsync(parsed, subscriptions, cancel);
            var count = await subscriptions.RetryAsync(subscription.Name, parsed.GetValue(sequence), workspace.Log.Writer.Operator, cancel);
            if (parsed.WantsJson())
                Printing.WriteJson(parsed.Out(), new { events = count });
            else
                parsed.Out().WriteLine($"{count} events wait again");
            return Exit.Ok;
        }, cancel));

        var after = new Option<long>("--after") { Description = "Sequence to begin behind. Default: the beginning." };
        var to = new Option<long?>("--to") { Description = "The last sequence. Default: where the subscription stands." };
        var entity = new Option<string?>("--entity") { Description = "Only of one entity such as customer-12, or of one type such as customer." };
        var kind = new Option<string[]>("--kind") { Description = "Only this kind of change, such as created; may be repeated." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only count." };
        var replay = new Command("replay", "Send events again, with the same ids, at a limited rate and beside what is new.") { Name(), after, to, entity, kind, dryRun };
        replay.SetAction((parsed, cancel) => WithAsync(parsed, async (workspace, subscriptions) =>
        {
            var subscription = await FindAsync(parsed, subscriptions, cancel);
            var (one, type) = Entity(parsed.GetValue(entity), workspace);
            var kinds = parsed.GetValue(kind) is { Length: > 0 } some ? some : null;
            var wanted = await subscriptions.PrepareReplayAsync(subscription, parsed.GetValue(after), parsed.GetValue(to), one, type is null ? null : [type], kinds, cancel);
            var count = await subscriptions.CountAsync(subscription, wanted, cancel);
            var sends = count > 0 && !parsed.GetValue(dryRun);
            if (sends)
                await subscriptions.ReplayAsync(subscription.Name, wanted, workspace.Log.Writer.Operator, cancel);
            if (parsed.WantsJson())
                Printing.WriteJson(parsed.Out(), new { events = count, replay = sends ? wanted.Id : null });
            else
                parsed.Out().WriteLine(count == 0 ? "no event that the subscription has passed is meant; nothing is sent" : !sends ? $"{count} events would be sent again" : $"{count} events are sent again by the running hub (replay {wanted.Id})");
            return Exit.Ok;
        }, cancel));
        return new("deliveries", "Events that could not be delivered, and sending them again.") { list, retry, replay };
    }

    private static Argument<string> Name() => new("subscription") { Description = "Name of the subscription." };

    private static string Name(ParseResult parsed) => parsed.GetRequiredValue<string>("subscription");

    private static (long? Entity, string? Type) Entity(string? text, Workspace workspace)
    {
        if (text is null)
            return (null, null);
        if (workspace.Model.Find(text) is { } type)
            return (null, type.Name);
        return EntityId.TryParse(text, workspace.Model, out _, out var number)
            ? (number, null)
            : throw new UsageException($"--entity: '{text}' is neither an id such as customer-12 nor a type{NearestName.Hint(text, workspace.Model.Entities.Select(e => e.Name))}");
    }

    private static Task<Subscription> FindAsync(ParseResult parsed, Subscriptions subscriptions, CancellationToken cancel) => FindAsync(Name(parsed), subscriptions, cancel);

    private static async Task<Subscription> FindAsync(string name, Subscriptions subscriptions, CancellationToken cancel) =>
        await subscriptions.FindAsync(name, cancel)
        ?? throw new UsageException($"there is no subscription '{name}'{NearestName.Hint(name, (await subscriptions.AllAsync(cancel)).Select(s => s.Name))}");

    private static Task<int> WithAsync(ParseResult parsed, Func<Subscriptions, Task<int>> act, CancellationToken cancel) => WithAsync(parsed, (_, subscriptions) => act(subscriptions), cancel);

    private static async Task<int> WithAsync(ParseResult parsed, Func<Workspace, Subscriptions, Task<int>> act, CancellationToken cancel)
    {
        await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
        return await act(workspace, IntegrationHub.Delivery.Subscriptions.Open(workspace));
    }
}
