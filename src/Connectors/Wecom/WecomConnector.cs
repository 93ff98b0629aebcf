using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Actions;
using IntegrationHub.Sdk.Callbacks;

namespace IntegrationHub.Connectors.Wecom;

/// <summary>WeCom (企业微信): employees, external contacts, groups, approvals; messages and tags.</summary>
public sealed class WecomConnector : IConnector
{
    /// <inheritdoc/>
    public ConnectorManifest Manifest { get; } = new()
    {
        Id = "wecom",
        Title = "企业微信 (WeCom)",
        Family = ConnectorFamily.Messaging,
        Description = "Employees, departments, external contacts, tags, customer groups and approvals of one app; sends messages and marks tags.",
        Options = typeof(WecomOptions),
        Region = "CN",
        Documentation = "https://developer.work.weixin.qq.com/document/",
        Streams =
        [
            new() { Name = "departments", Description = "A department.", Deletions = DeletionStyle.ByAbsence },
            new() { Name = "employees", Description = "An employee the app may see.", Deletions = DeletionStyle.ByAbsence, PersonalData = ["$.name", "$.mobile", "$.email", "$.telephone", "$.address", "$.gender", "$.avatar", "$.position", "$.qr_code"] },
            new() { Name = "external_contacts", Description = "A customer contact with all employees who follow it.", Deletions = DeletionStyle.ByAbsence, PersonalData = ["$.external_contact", "$.follow_user[*].remark", "$.follow_user[*].description", "$.follow_user[*].remark_mobiles"] },
            new() { Name = "tags", Description = "A group of customer tags.", Deletions = DeletionStyle.ByAbsence },
            new() { Name = "customer_groups", Description = "A group chat with customers.", Deletions = DeletionStyle.ByAbsence, PersonalData = ["$.member_list", "$.notice"] },
            new() { Name = "approvals", Description = "An approval with its form and steps.", PersonalData = ["$.applyer", "$.sp_record", "$.apply_data", "$.comments"] },
        ],
        Actions = WecomActions.Manifest,
        Callbacks = true,
    };

    /// <inheritdoc/>
    public IConnection Open(ConnectionContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new WecomConnection(context, context.Bind<WecomOptions>());
    }
}

/// <summary>One app of one corporation.</summary>
internal sealed class WecomConnection : IReadRecords, ICheckConnection, IReceiveCallbacks, IRunActions
{
    private readonly WecomClient _client;
    private readonly WecomReader _reader;
    private readonly WecomCallbacks _callbacks;
    private readonly WecomActions _actions;

    public WecomConnection(ConnectionContext context, WecomOptions options)
    {
        _client = new(context, options);
        _reader = new(_client, options, context.Time);
        _callbacks = new(options, _reader, context.Time);
        _actions = new(_client, options);
    }

    public IAsyncEnumerable<StreamItem> ReadAsync(ReadRequest request, CancellationToken cancellationToken) => _reader.ReadAsync(request, cancellationToken);

    public Task CheckAsync(CancellationToken cancellationToken) => _client.GetAsync("department/simplelist", cancellationToken);

    public CallbackAnswer Receive(CallbackRequest request) => _callbacks.Receive(request);

    public IAsyncEnumerable<StreamItem> ReadEventsAsync(string stream, IReadOnlyList<CallbackEvent> events, CancellationToken cancellationToken) => _callbacks.ReadAsync(stream, events, cancellationToken);

    public Task<ActionResult> RunAsync(ActionRequest request, CancellationToken cancellationToken) => _actions.RunAsync(request, cancellationToken);

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
