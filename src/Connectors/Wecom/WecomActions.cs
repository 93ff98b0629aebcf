using System.ComponentModel.DataAnnotations;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Actions;

namespace IntegrationHub.Connectors.Wecom;

/// <summary>Input of <c>send_message</c>.</summary>
public sealed class SendMessageInput
{
    /// <summary>User ids of the receivers, at most 1,000.</summary>
    [Required, MinLength(1), MaxLength(1000)]
    public IReadOnlyList<string> Users { get; set; } = [];

    /// <summary>The text, at most 2,048 bytes; WeCom cuts longer ones.</summary>
    [Required, StringLength(2048)]
    public string Text { get; set; } = "";
}

/// <summary>Input of <c>send_robot_message</c>.</summary>
public sealed class RobotMessageInput
{
    /// <summary>Markdown, at most 4,096 bytes.</summary>
    [Required, StringLength(4096)]
    public string Markdown { get; set; } = "";
}

/// <summary>Input of <c>mark_tags</c>.</summary>
public sealed class MarkTagsInput : IValidatableObject
{
    /// <summary>The employee who follows the contact.</summary>
    [Required]
    public string User { get; set; } = "";

    /// <summary>The contact.</summary>
    [Required]
    public string ExternalContact { get; set; } = "";

    /// <summary>Ids of tags to add.</summary>
    public IReadOnlyList<string> Add { get; set; } = [];

    /// <summary>Ids of tags to remove.</summary>
    public IReadOnlyList<string> Remove { get; set; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Add.Count == 0 && Remove.Count == 0)
            yield return new("name at least one tag to add or remove", [nameof(Add), nameof(Remove)]);
    }
}

/// <summary>Messages and tags.</summary>
internal sealed class WecomActions(WecomClient client, WecomOptions options)
{
    /// <summary>As long as WeCom drops the same message.</summary>
    private const int DuplicateSeconds = 14_400;

    public static IReadOnlyList<ActionManifest> Manifest { get; } =
    [
        new() { Name = "send_message", Description = "Sends a text from the app to employees.", Input = typeof(SendMessageInput), PersonalData = ["$.text"] },
        new() { Name = "send_robot_message", Description = "Sends markdown from a group robot to its group.", Input = typeof(RobotMessageInput), PersonalData = ["$.markdown"] },
        new() { Name = "mark_tags", Description = "Adds and removes tags of an external contact.", Input = typeof(MarkTagsInput) },
    ];

    public Task<ActionResult> RunAsync(ActionRequest request, CancellationToken cancellationToken) => request.Action switch
    {
        "send_message" => SendAsync(request.Bind<SendMessageInput>(), cancellationToken),
        "send_robot_message" => SendByRobotAsync(request, request.Bind<RobotMessageInput>(), cancellationToken),
        "mark_tags" => MarkAsync(request.Bind<MarkTagsInput>(), cancellationToken),
        _ => throw new ConnectorException(ConnectorErrorKind.Permanent, $"wecom has no action '{request.Action}'"),
    };

    /// <summary>WeCom itself drops an identical message for four hours, so a lost answer does not send it twice.</summary>
    private async Task<ActionResult> SendAsync(SendMessageInput input, CancellationToken cancellationToken)
    {
        if (options.AgentId is not { } agent)
            throw new ConnectorException(ConnectorErrorKind.Configuration, "send_message: set 'agentId' for this connection");
        var message = new
        {
            touser = string.Join('|', input.Users),
            msgtype = "text",
            agentid = agent,
            text = new { content = input.Text },
            enable_duplicate_check = 1,
            duplicate_check_interval = DuplicateSeconds,
        };
        var answer = await client.PostAsync("message/send", message, cancellationToken, writes: true).ConfigureAwait(false);
        return ActionResult.Of(new
        {
            messageId = answer.TryGetProperty("msgid", out var id) ? id.GetString() : null,
            notReached = answer.TryGetProperty("invaliduser", out var invalid) ? invalid.GetString()!.Split('|', StringSplitOptions.RemoveEmptyEntries) : [],
        });
    }

    /// <summary>Robots have no way to ask what became of a message: one whose answer was lost is not sent again, and never said to be sent.</summary>
    private async Task<ActionResult> SendByRobotAsync(ActionRequest request, RobotMessageInput input, CancellationToken cancellationToken)
    {
        if (options.RobotKey is not { } key)
            throw new ConnectorException(ConnectorErrorKind.Configuration, "send_robot_message: set 'robotKey' for this connection");
        if (!string.IsNullOrEmpty(request.Steps.Get("sent")))
            return ActionResult.Of(new { sent = (bool?)null, unknown = "the answer to the first attempt was lost, and robots cannot be asked; look into the group, and send with a new key if it is not there" });
        await request.Steps.SetAsync("sent", "perhaps", cancellationToken).ConfigureAwait(false);
        try
        {
            await client.PostToRobotAsync(key, new { msgtype = "markdown", markdown = new { content = input.Markdown } }, cancellationToken).ConfigureAwait(false);
        }
        catch (ConnectorException e) when (!e.MayHaveHappened)
        {
            await request.Steps.SetAsync("sent", "", cancellationToken).ConfigureAwait(false);
            throw;
        }

        return ActionResult.Of(new { sent = true });
    }

    /// <summary>Adding what is there and removing what is not changes nothing, so it may be repeated.</summary>
    private async Task<ActionResult> MarkAsync(MarkTagsInput input, CancellationToken cancellationToken)
    {
        await client.PostAsync("externalcontact/mark_tag", new { userid = input.User, external_userid = input.ExternalContact, add_tag = input.Add, remove_tag = input.Remove }, cancellationToken, writes: true).ConfigureAwait(false);
        return ActionResult.Of(new { marked = true });
    }
}
