using System.CommandLine;
using IntegrationHub.Api;

namespace IntegrationHub.Commands;

/// <summary><c>hub keys</c>: keys of the API.</summary>
internal static class KeyCommands
{
    private const int MostPurpose = 200;

    public static Command Keys()
    {
        var name = new Argument<string>("name") { Description = "Who uses it." };
        var scope = new Option<ApiScope>("--scope") { Description = "read, sync (also start runs), act (also carry out actions at vendors) or admin.", DefaultValueFactory = _ => ApiScope.Read };
        var days = new Option<int?>("--expires-days") { Description = "Days until it expires. Default: never." };
        days.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<int?>() is < 1 or > 36_500)
                r.AddError("--expires-days: expected 1 to 36500");
        });
        var region = new Option<string?>("--region") { Description = "Where its user stands (ISO 3166-1 code such as DE); the sovereignty log says that what is read goes there.", CustomParser = Region };
        var purpose = new Option<string?>("--purpose") { Description = "What its user reads data for; stands in the sovereignty log with every read." };
        purpose.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<string?>() is { } text && (text.Length is 0 or > MostPurpose || text.Any(char.IsControl)))
                r.AddError($"--purpose: expected 1 to {MostPurpose} characters on one line");
        });
        var create = new Command("create", "Make a key. It is shown once; the hub keeps only its hash.") { name, scope, days, region, purpose };
        create.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var (key, token) = await new ApiKeys(workspace).CreateAsync(
                parsed.GetValue(name)!, parsed.GetValue(scope), parsed.GetValue(days) is { } d ? TimeSpan.FromDays(d) : null, parsed.GetValue(region), parsed.GetValue(purpose), cancel);
            if (parsed.WantsJson())
                Printing.WriteJson(parsed.Out(), new { id = key.Id, token, scope = key.Scope.ToString().ToLowerInvariant(), region = key.Region, purpose = key.Purpose, expires = Printing.Time(key.Expires) });
            else
                parsed.Out().WriteLine(token);
            return Exit.Ok;
        });
        var list = new Command("list", "List keys; never the keys themselves.");
        list.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            var keys = await new ApiKeys(workspace).ListAsync(cancel);
            if (parsed.WantsJson())
                Printing.WriteJson(parsed.Out(), keys.Select(k => new { id = k.Id, name = k.Name, scope = k.Scope.ToString().ToLowerInvariant(), region = k.Region, purpose = k.Purpose, created = Printing.Time(k.Created), expires = Printing.Time(k.Expires), lastUsed = Printing.Time(k.LastUsed) }));
            else
                Printing.Table(parsed.Out(), ["id", "name", "scope", "region", "purpose", "created", "expires", "last used"], keys.Select(k => (IReadOnlyList<string>)
                    [k.Id, k.Name, k.Scope.ToString().ToLowerInvariant(), k.Region ?? "", k.Purpose ?? "", Printing.Time(k.Created), Printing.Time(k.Expires), Printing.Time(k.LastUsed)]));
            return Exit.Ok;
        });
        var id = new Argument<string>("id") { Description = "Id of the key, as 'hub keys list' shows it." };
        var revoke = new Command("revoke", "Refuse a key from now on.") { id };
        revoke.SetAction(async (parsed, cancel) =>
        {
            await using var workspace = await CommandWorkspace.OpenAsync(parsed, cancel);
            if (await new ApiKeys(workspace).RevokeAsync(parsed.GetValue(id)!, cancel))
                return Exit.Ok;
            parsed.Error().WriteLine($"no key '{parsed.GetValue(id)}'; 'hub keys list' shows their ids");
            return Exit.Usage;
        });
        return new Command("keys", "Keys of the API.") { create, list, revoke };
    }

    private static string? Region(System.CommandLine.Parsing.ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (text.Length == 2 && text.All(char.IsAsciiLetter))
            return text.ToUpperInvariant();
        result.AddError($"--region: expected a code of two letters (ISO 3166-1) such as DE, found '{text}'");
        return null;
    }
}
