using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using IntegrationHub.Connections;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Unify;

namespace IntegrationHub.Commands;

/// <summary><c>hub log find</c>: which entries tell of a subject, a time, a field, a region; <c>hub log disclose</c>: the key of one subject.</summary>
internal static class LogFindCommand
{
    private const int Page = 1_000;

    public static Command Create()
    {
        var subject = new Option<string?>("--subject") { Description = "Every entry of this entity, such as contact-12, and of those that were merged into it." };
        var from = new Option<DateTimeOffset?>("--from") { Description = "From this time on (RFC 3339)." };
        var to = new Option<DateTimeOffset?>("--to") { Description = "Before this time." };
        var field = new Option<string?>("--field") { Description = "Entries that moved this field." };
        var region = new Option<string?>("--region") { Description = "Entries that came from or went to this region." };
        var action = new Option<LogAction?>("--action") { Description = "Entries of this action, such as export." };
        var limit = new Option<int>("--limit") { Description = "How many; 0 for all.", DefaultValueFactory = _ => 100 };
        var command = new Command("find", "Find entries. Prints index and entry as JSON Lines, in order.") { subject, from, to, field, region, action, limit };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var log = workspace.Store.Reader.Log;
            var subjects = parsed.GetValue(subject) is { } id ? log.SubjectsWithin(Find(workspace, id)) : null;
            var (begin, end) = (Milliseconds(parsed.GetValue(from), long.MinValue), Milliseconds(parsed.GetValue(to), long.MaxValue));
            var left = parsed.GetValue(limit) is 0 ? int.MaxValue : parsed.GetValue(limit);
            long next = 0;
            while (left > 0)
            {
                cancel.ThrowIfCancellationRequested();
                var rows = subjects is null ? log.EntriesBetween(begin, end, next, Page) : log.EntriesOf(subjects, next, Page);
                foreach (var row in rows.Where(r => r.At >= begin && r.At < end && Matches(r.Entry, parsed.GetValue(field), parsed.GetValue(region), parsed.GetValue(action))).Take(left))
                {
                    parsed.Out().WriteLine($"{{\"index\":{row.Sequence},\"entry\":{Encoding.UTF8.GetString(row.Entry)}}}");
                    left--;
                }

                if (rows.Count == 0)
                    break;
                next = rows[^1].Sequence + 1;
            }

            return Exit.Ok;
        });
        return command;
    }

    public static Command Disclose()
    {
        var subject = new Argument<string>("subject") { Description = "An entity, such as contact-12." };
        var command = new Command("disclose", "Print the key of one subject: whoever has it can find this subject's entries in the log, and no other's.") { subject };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var id = parsed.GetValue(subject)!;
            if (workspace.Store.Reader.Log.SubjectKey(Find(workspace, id)) is not { } key)
                throw new UsageException($"the log has no entry of {id}, or its key was destroyed");
            await OperatorLog.TakeAsync(workspace, LogAction.Read, [], [new LogSubject(key.Subject, id)], [("disclosed", "subject key")], cancel);
            Printing.WriteJson(parsed.Out(), new { subject = id, key = Convert.ToBase64String(key.Key), commitment = LogCommitments.Write(key.Commitment) });
            return Exit.Ok;
        });
        return command;
    }

    private static long Find(Workspace workspace, string id) => EntityId.TryParse(id, workspace.Model, out _, out var number) ? number
        : throw new UsageException($"'{id}' is no id of an entity; ids look like contact-12");

    private static long Milliseconds(DateTimeOffset? time, long fallback) => time?.ToUnixTimeMilliseconds() ?? fallback;

    private static bool Matches(byte[] entry, string? field, string? region, LogAction? action)
    {
        if (field is null && region is null && action is null)
            return true;
        using var json = JsonDocument.Parse(entry);
        var root = json.RootElement;
        return (action is null || root.GetProperty("action").ValueEquals(action.Value.ToString().ToLower(CultureInfo.InvariantCulture)))
            && (region is null || IsRegion(root, "from", region) || IsRegion(root, "to", region))
            && (field is null || (root.TryGetProperty("data", out var data) && data.EnumerateArray().Any(d => d.GetProperty("fields").EnumerateArray().Any(f => f.ValueEquals(field)))));
    }

    private static bool IsRegion(JsonElement entry, string end, string region) =>
        entry.TryGetProperty(end, out var place) && place.TryGetProperty("region", out var found) && string.Equals(found.GetString(), region, StringComparison.OrdinalIgnoreCase);
}
