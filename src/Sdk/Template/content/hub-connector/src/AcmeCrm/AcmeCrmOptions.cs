using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using IntegrationHub.Sdk;

namespace AcmeCrm;

/// <summary>The settings of a connection.</summary>
public sealed class AcmeCrmOptions : IValidatableObject
{
    /// <summary>The server.</summary>
    [Required(ErrorMessage = "is missing; give the server's address")]
    [Description("The server's address.")]
    public Uri? Url { get; set; }

    /// <summary>The key.</summary>
    [Required(ErrorMessage = "is missing; it stands in the vendor's console")]
    [Secret]
    [Description("Key of the API.")]
    public string ApiKey { get; set; } = "";

    /// <summary>Calls a minute, shared by everything that uses the account.</summary>
    [Range(1, 100_000)]
    [Description("Calls a minute. Default 600.")]
    public int CallsPerMinute { get; set; } = 600;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Url is not null && (!Url.IsAbsoluteUri || Url.Scheme is not ("http" or "https")))
            yield return new("is no http(s) address", [nameof(Url)]);
    }
}
