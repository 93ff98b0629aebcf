using IntegrationHub.Sdk;

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
        var options = context.Bind<WecomOptions>();
        var client = new WecomClient(context, options);
        var reader = new WecomReader(client, options, context.Time);
        var callbacks = new WecomCallbacks(options, reader, context.Time);
        return new ConnectionParts
        {
            Read = reader.ReadAsync,
            Check = cancel => client.GetAsync("department/simplelist", cancel),
            Receive = callbacks.Receive,
            ReadEvents = callbacks.ReadAsync,
            Act = new WecomActions(client, options).RunAsync,
            Client = client,
        }.Connect(Manifest);
    }
}
