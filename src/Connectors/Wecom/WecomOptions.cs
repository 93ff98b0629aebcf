using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connectors.Wecom;

/// <summary>The settings of a <c>wecom</c> connection: one self-built app of one corporation.</summary>
public sealed class WecomOptions : IValidatableObject
{
    /// <summary>The server; another one only for private deployments.</summary>
    [Description("The server; default https://qyapi.weixin.qq.com, another one only for private deployments.")]
    public Uri Url { get; set; } = new("https://qyapi.weixin.qq.com");

    /// <summary>Id of the corporation.</summary>
    [Required(ErrorMessage = "is missing; it stands under 我的企业")]
    [Description("Id of the corporation (企业ID).")]
    public string CorpId { get; set; } = "";

    /// <summary>Secret of the app.</summary>
    [Required(ErrorMessage = "is missing; it stands with the app")]
    [Secret]
    [Description("Secret of the self-built app.")]
    public string CorpSecret { get; set; } = "";

    /// <summary>Id of the app, needed to send messages.</summary>
    [Description("Id of the app (AgentId); needed to send messages.")]
    public int? AgentId { get; set; }

    /// <summary>Token of the app's callback settings.</summary>
    [Secret]
    [Description("Token of the app's callback settings; needed to receive callbacks.")]
    public string? CallbackToken { get; set; }

    /// <summary>EncodingAESKey of the app's callback settings.</summary>
    [Secret]
    [Description("EncodingAESKey (43 characters) of the app's callback settings.")]
    public string? EncodingAesKey { get; set; }

    /// <summary>Key of a group robot, needed for its messages.</summary>
    [Secret]
    [Description("Key of a group robot's webhook; needed for its messages.")]
    public string? RobotKey { get; set; }

    /// <summary>How far back the first read of approvals goes.</summary>
    [Description("How many days back the first read of approvals goes. Default 365.")]
    [Range(1, 3650)]
    public int ApprovalDays { get; set; } = 365;

    /// <summary>Calls a minute, shared by syncs, callbacks and actions.</summary>
    [Range(1, 10_000)]
    [Description("Calls a minute, shared by syncs, callbacks and actions. Default 3000.")]
    public int CallsPerMinute { get; set; } = 3_000;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Url.IsAbsoluteUri || Url.Scheme is not ("http" or "https"))
            yield return new("is no http(s) address", [nameof(Url)]);
        if (CallbackToken is null != EncodingAesKey is null)
            yield return new("give callbackToken and encodingAesKey together", [nameof(CallbackToken), nameof(EncodingAesKey)]);
        if (EncodingAesKey is not null && !WecomCrypto.IsKey(EncodingAesKey))
            yield return new("is not 43 letters and digits", [nameof(EncodingAesKey)]);
    }
}
