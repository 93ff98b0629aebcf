using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Reading;

namespace IntegrationHub.Connectors.Wecom;

/// <summary>
/// Reads the streams. WeCom has no "changed since": every read goes through everything, and callbacks bring changes in between. Long lists are read employee by employee,
/// with a checkpoint behind each, so that a run that breaks off goes on there. Approvals are listed by time of application.
/// </summary>
internal sealed class WecomReader(WecomClient client, WecomOptions options, TimeProvider time)
{
    /// <summary>The list of approvals takes at most 31 days at once.</summary>
    private static readonly TimeSpan ApprovalWindow = TimeSpan.FromDays(30);

    /// <summary>Approvals go on after their application; those of the last weeks are read again.</summary>
    private static readonly TimeSpan ApprovalOverlap = TimeSpan.FromDays(14);

    private static readonly JsonSerializerOptions Json = JsonSerializerOptions.Web;

    /// <summary>The next run begins at the beginning.</summary>
    private static readonly Checkpoint StartOver = new("");

    public IAsyncEnumerable<StreamItem> ReadAsync(ReadRequest request, CancellationToken cancellationToken) => request.Stream switch
    {
        "departments" => OnceAsync(request, "department/list", "department", "id", cancellationToken),
        "employees" => EachAsync(request, DepartmentsAsync, EmployeesAsync, cancellationToken),
        "external_contacts" => EachAsync(request, FollowersAsync, ContactsAsync, cancellationToken),
        "tags" => TagsAsync(request, cancellationToken),
        "customer_groups" => GroupsAsync(request, cancellationToken),
        "approvals" => ApprovalsAsync(request, cancellationToken),
        _ => throw new ConnectorException(ConnectorErrorKind.Configuration, $"wecom has no stream '{request.Stream}'"),
    };

    /// <summary>One follower's view of one external contact, as change events name it.</summary>
    public async Task<StreamItem> ContactAsync(ReadRequest request, string externalUserId, CancellationToken cancellationToken)
    {
        try
        {
            return Record(request, externalUserId, await client.GetAsync("externalcontact/get", cancellationToken, new KeyValuePair<string, string>("external_userid", externalUserId)).ConfigureAwait(false), "errcode", "errmsg", "next_cursor");
        }
        catch (ConnectorException e) when (e.Code is WecomErrors.NoCustomer or "40096")
        {
            return new DeletedRecord(externalUserId);
        }
    }

    public async Task<StreamItem> EmployeeAsync(ReadRequest request, string userId, CancellationToken cancellationToken)
    {
        try
        {
            return Record(request, userId, await client.GetAsync("user/get", cancellationToken, new KeyValuePair<string, string>("userid", userId)).ConfigureAwait(false), "errcode", "errmsg");
        }
        catch (ConnectorException e) when (e.Code is "60111" or "40003")
        {
            return new DeletedRecord(userId.ToLowerInvariant());
        }
    }

    public async Task<StreamItem> GroupAsync(ReadRequest request, string chatId, CancellationToken cancellationToken) =>
        Record(request, chatId, (await client.PostAsync("externalcontact/groupchat/get", new { chat_id = chatId, need_name = 1 }, cancellationToken).ConfigureAwait(false)).GetProperty("group_chat"));

    public async Task<StreamItem> ApprovalAsync(ReadRequest request, string number, CancellationToken cancellationToken) =>
        Record(request, number, (await client.PostAsync("oa/getapprovaldetail", new { sp_no = number }, cancellationToken).ConfigureAwait(false)).GetProperty("info"));

    private static StreamItem Record(ReadRequest request, string id, JsonElement element, params string[] without)
    {
        if (without.Length == 0)
            return request.Bounded(new(id, JsonMarshal.GetRawUtf8Value(element).ToArray()));
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            foreach (var member in element.EnumerateObject().Where(m => !without.Contains(m.Name)))
            {
                json.WritePropertyName(member.Name);
                json.WriteRawValue(JsonMarshal.GetRawUtf8Value(member.Value), skipInputValidation: true);
            }

            json.WriteEndObject();
        }

        return request.Bounded(new(id, body.ToArray()));
    }

    private async IAsyncEnumerable<StreamItem> OnceAsync(ReadRequest request, string path, string list, string id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var answer = await client.GetAsync(path, cancellationToken).ConfigureAwait(false);
        foreach (var item in answer.GetProperty(list).EnumerateArray())
            yield return Record(request, item.GetProperty(id).ToString(), item);
        yield return StartOver;
    }

    /// <summary>Goes through parents in ordinal order and reads each; a cursor names the last parent that is done.</summary>
    private static async IAsyncEnumerable<StreamItem> EachAsync(
        ReadRequest request,
        Func<CancellationToken, Task<IReadOnlyList<string>>> parents,
        Func<ReadRequest, string, HashSet<string>, CancellationToken, IAsyncEnumerable<StreamItem>> children,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var done = Parse(request.Cursor).Done;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var parent in (await parents(cancellationToken).ConfigureAwait(false)).Order(StringComparer.Ordinal))
        {
            if (done is not null && string.CompareOrdinal(parent, done) <= 0)
                continue;
            await foreach (var item in children(request, parent, seen, cancellationToken).ConfigureAwait(false))
                yield return item;
            yield return Checkpoint(new() { Done = parent });
        }

        yield return StartOver;
    }

    private async Task<IReadOnlyList<string>> DepartmentsAsync(CancellationToken cancellationToken) =>
        [.. (await client.GetAsync("department/simplelist", cancellationToken).ConfigureAwait(false)).GetProperty("department_id").EnumerateArray().Select(d => d.GetProperty("id").GetInt64().ToString("D12", CultureInfo.InvariantCulture))];

    private async IAsyncEnumerable<StreamItem> EmployeesAsync(ReadRequest request, string department, HashSet<string> seen, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var number = long.Parse(department, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
        var list = (await client.GetAsync("user/list", cancellationToken, new KeyValuePair<string, string>("department_id", number)).ConfigureAwait(false)).GetProperty("userlist");
        foreach (var user in list.EnumerateArray())
            if (user.GetProperty("userid").GetString()!.ToLowerInvariant() is var id && seen.Add(id))
                yield return Record(request, id, user);
    }

    private async Task<IReadOnlyList<string>> FollowersAsync(CancellationToken cancellationToken) =>
        [.. (await client.GetAsync("externalcontact/get_follow_user_list", cancellationToken).ConfigureAwait(false)).GetProperty("follow_user").EnumerateArray().Select(u => u.GetString()!)];

    /// <summary>The contacts of an employee that no employee before had, each with all followers: one record for one person.</summary>
    private async IAsyncEnumerable<StreamItem> ContactsAsync(ReadRequest request, string userId, HashSet<string> seen, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var ids = new List<string>();
        try
        {
            await foreach (var page in Pager.ByCursorAsync("", async (cursor, cancel) =>
            {
                var answer = await client.PostAsync("externalcontact/batch/get_by_user", new { userid_list = new[] { userId }, cursor, limit = 100 }, cancel).ConfigureAwait(false);
                return new Page<JsonElement>([.. answer.GetProperty("external_contact_list").EnumerateArray()]) { Next = Text(answer, "next_cursor") };
            }, cancellationToken).ConfigureAwait(false))
                ids.AddRange(page.Items.Select(i => i.GetProperty("external_contact").GetProperty("external_userid").GetString()!).Where(seen.Add));
        }
        catch (ConnectorException e) when (e.Code == WecomErrors.NoCustomer)
        {
            // An employee without customers.
        }

        // The list names tags by number and leaves personal ones out; the contact itself has them all.
        await foreach (var item in Concurrently.InOrderAsync(ids, WecomClient.AtOnce, (id, cancel) => ContactAsync(request, id, cancel), cancellationToken).ConfigureAwait(false))
            yield return item;
    }

    private async IAsyncEnumerable<StreamItem> TagsAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var answer = await client.PostAsync("externalcontact/get_corp_tag_list", new { tag_id = Array.Empty<string>(), group_id = Array.Empty<string>() }, cancellationToken).ConfigureAwait(false);
        foreach (var group in answer.GetProperty("tag_group").EnumerateArray())
            yield return Record(request, group.GetProperty("group_id").GetString()!, group);
        yield return StartOver;
    }

    private async IAsyncEnumerable<StreamItem> GroupsAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in Pager.ByCursorAsync(Parse(request.Cursor).Page ?? "", async (cursor, cancel) =>
        {
            var answer = await client.PostAsync("externalcontact/groupchat/list", new { status_filter = 0, cursor, limit = 100 }, cancel).ConfigureAwait(false);
            return new Page<string>([.. answer.GetProperty("group_chat_list").EnumerateArray().Select(g => g.GetProperty("chat_id").GetString()!)]) { Next = Text(answer, "next_cursor") };
        }, cancellationToken).ConfigureAwait(false))
        {
            await foreach (var item in Concurrently.InOrderAsync(page.Items, WecomClient.AtOnce, (chat, cancel) => GroupAsync(request, chat, cancel), cancellationToken).ConfigureAwait(false))
                yield return item;
            if (!string.IsNullOrEmpty(page.Next))
                yield return Checkpoint(new() { Page = page.Next });
        }

        yield return StartOver;
    }

    private async IAsyncEnumerable<StreamItem> ApprovalsAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A little ahead: the vendor's clock may be.
        var until = time.GetUtcNow() + TimeSpan.FromMinutes(10);
        var from = Parse(request.Cursor).Until is { } reached ? DateTimeOffset.FromUnixTimeSeconds(reached) : until.AddDays(-options.ApprovalDays);
        while (from < until)
        {
            var to = from + ApprovalWindow < until ? from + ApprovalWindow : until;
            await foreach (var page in Pager.ByCursorAsync("", async (cursor, cancel) =>
            {
                var answer = await client.PostAsync("oa/getapprovalinfo", new { starttime = Seconds(from), endtime = Seconds(to), new_cursor = cursor, size = 100 }, cancel).ConfigureAwait(false);
                return new Page<string>([.. answer.GetProperty("sp_no_list").EnumerateArray().Select(n => n.GetString()!)]) { Next = Text(answer, "new_next_cursor") };
            }, cancellationToken).ConfigureAwait(false))
                foreach (var number in page.Items)
                    yield return await ApprovalAsync(request, number, cancellationToken).ConfigureAwait(false);
            from = to;
            yield return Checkpoint(new() { Until = from.ToUnixTimeSeconds() });
        }

        yield return Checkpoint(new() { Until = (until - ApprovalOverlap).ToUnixTimeSeconds() });
    }

    private static string? Text(JsonElement answer, string name) => answer.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static string Seconds(DateTimeOffset at) => at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

    private static Checkpoint Checkpoint(Position position) => new(JsonSerializer.Serialize(position, Json));

    private static Position Parse(string? cursor) => cursor is null ? new() : JsonSerializer.Deserialize<Position>(cursor, Json) ?? new();

    private sealed record Position
    {
        /// <summary>The last parent that is done, within a run.</summary>
        public string? Done { get; init; }

        /// <summary>The next page, within a run.</summary>
        public string? Page { get; init; }

        /// <summary>Seconds since 1970 up to which approvals are read.</summary>
        public long? Until { get; init; }
    }
}
