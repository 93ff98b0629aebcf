using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connectors.Esign;

/// <summary>The settings of an <c>esign</c> connection.</summary>
public sealed class EsignOptions : IValidatableObject
{
    /// <summary>The server: production, or <c>https://smlopenapi.esign.cn</c> for the sandbox.</summary>
    [Description("The server; default https://openapi.esign.cn, the sandbox is https://smlopenapi.esign.cn.")]
    public Uri Url { get; set; } = new("https://openapi.esign.cn");

    /// <summary>Id of the application.</summary>
    [Required(ErrorMessage = "is missing; it stands with the application on the open platform")]
    [Description("Id of the application; those of sandbox and production differ.")]
    public string AppId { get; set; } = "";

    /// <summary>Secret of the application.</summary>
    [Required(ErrorMessage = "is missing; it stands with the application on the open platform")]
    [Secret]
    [Description("Secret of the application.")]
    public string AppSecret { get; set; } = "";

    /// <summary>Where the first read begins.</summary>
    [Range(1, 1825)]
    [Description("How many days back the first read goes, 1 to 1825. Default 365.")]
    public int Days { get; set; } = 365;

    /// <summary>Calls a minute, shared by syncs, callbacks and actions.</summary>
    [Range(1, 100_000)]
    [Description("Calls a minute, shared by syncs, callbacks and actions. Default 600.")]
    public int CallsPerMinute { get; set; } = 600;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Url.IsAbsoluteUri || Url.Scheme is not ("http" or "https"))
            yield return new("is no http(s) address", [nameof(Url)]);
    }
}
