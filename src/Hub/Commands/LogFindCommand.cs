using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text;
using IntegrationHub.Connections;
using IntegrationHub.Sovereignty.Log;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Unify;

namespace IntegrationHub.Commands;

/// <summary><c>hub log find</c>: which entries tell of a subject, a time, a field, a region; <c>hub log disclose</c>: the key of one subject.</summary>
internal static class LogFindCommand
{
    public static Command Create()
    {
        var subject = new Option<string?>("--subject") { Description = "Every entry of this entity, such as contact-12, and of those that were merged into it." };
        var from = new Option<DateTimeOffset?>("--from") { Description = "From this time on (RFC 3339).", CustomParser = Time };
        var to = new Option<DateTimeOffset?>("--to") { Description = "Before this time.", CustomParser = Time };
        var field = new Option<string?>("--field") { Description = "Entries that moved this field." };
        var region = new Option<string?>("--region") { Description = "Entries that came from or went to this region." };
        var action = new Option<LogAction?>("--action") { Description = "Entries of this action, such as export.", CustomParser = Action };
        var limit = new Option<int>("--limit") { Description = "How many; 0 for all.", DefaultValueFactory = _ => 100 };
        limit.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<int>() < 0)
                r.AddError("--limit: expected how many, or 0 for all");
        });
        var command = new Command("find", "Find entries. Prints index and entry as JSON Lines, in order.") { subject, from, to, field, region, action, limit };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var log = workspace.Store.Reader.Log;
            var query = new LogQuery
            {
                Subjects = parsed.GetValue(subject) is { } id ? Within(parsed, workspace, id) : null,
                From = parsed.GetValue(from),
                To = parsed.GetValue(to),
                Field = parsed.GetValue(field),
                Region = parsed.GetValue(region),
                Action = parsed.GetValue(action),
            };
            var found = 0;
            foreach (var row in new LogSearch(log).Find(query, cancel).Take(parsed.GetValue(limit) is 0 ? int.MaxValue : parsed.GetValue(limit)))
            {
                found++;
                parsed.Out().WriteLine($"{{\"index\":{row.Sequence},\"entry\":{Encoding.UTF8.GetString(row.Entry)}}}");
            }

            if (found == 0)
                parsed.Error().WriteLine("nothing found");
            else if (found == parsed.GetValue(limit))
                parsed.Error().WriteLine($"the first {found}; --limit 0 shows all");
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
            if (workspace.Store.Reader.Log.SubjectKey(Find(workspace, id)) is not { Key: { } secret } key || key.Id != id)
                throw new UsageException($"the log has no entry of {id}, or its key was destroyed");
            await OperatorLog.TakeAsync(workspace, LogAction.Read, [], [new LogSubject(key.Subject, id)], [("disclosed", "subject key")], cancel);
            Printing.WriteJson(parsed.Out(), new { subject = id, key = Convert.ToBase64String(secret), commitment = LogCommitments.Write(key.Commitment) });
            return Exit.Ok;
        });
        return command;
    }

    private static DateTimeOffset? Time(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            return time;
        result.AddError($"expected a time such as 2026-01-01T00:00:00Z, found '{text}'");
        return null;
    }

    private static LogAction? Action(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (text.All(char.IsAsciiLetter) && Enum.TryParse<LogAction>(text, ignoreCase: true, out var action))
            return action;
        result.AddError($"--action: expected one of {string.Join(", ", Enum.GetNames<LogAction>().Select(n => n.ToLowerInvariant()))}, found '{text}'");
        return null;
    }

    private static IReadOnlyList<long> Within(ParseResult parsed, Workspace workspace, string id)
    {
        var log = workspace.Store.Reader.Log;
        var number = Find(workspace, id);
        if (log.SubjectKey(number) is not { } known)
            parsed.Error().WriteLine($"the log has no entry of {id}");
        else if (known.Id != id)
            throw new UsageException($"the log knows no '{id}'; entity {number} is {known.Id}");
        return log.SubjectsWithin(number);
    }

    private static long Find(Workspace workspace, string id) => EntityId.TryParse(id, workspace.Model, out _, out var number) ? number
        : throw new UsageException($"'{id}' is no id of an entity; ids look like contact-12");
}
