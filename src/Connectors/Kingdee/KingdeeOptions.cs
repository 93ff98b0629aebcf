using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using IntegrationHub.Sdk;

namespace IntegrationHub.Connectors.Kingdee;

/// <summary>The settings of a <c>kingdee</c> connection.</summary>
public sealed partial class KingdeeOptions : IValidatableObject
{
    /// <summary>The site's address with its last segment, as people open it, such as <c>https://erp.example.com/k3cloud/</c>.</summary>
    [Required(ErrorMessage = "is missing; give the site's address, such as https://erp.example.com/k3cloud/")]
    [Description("The site's address, such as https://erp.example.com/k3cloud/.")]
    public Uri? Url { get; set; }

    /// <summary>Id of the data centre (account set).</summary>
    [Required(ErrorMessage = "is missing; give the id of the data centre")]
    [Description("Id of the data centre (account set).")]
    public string AcctId { get; set; } = "";

    /// <summary>The integration user.</summary>
    [Required(ErrorMessage = "is missing; give the integration user of the login authorisation")]
    [Description("The integration user of the third-party login authorisation.")]
    public string User { get; set; } = "";

    /// <summary>How to authenticate.</summary>
    /// <value>Default <see cref="KingdeeAuth.SignedHeaders"/>, which never sends a secret.</value>
    [Description("signedHeaders (default; never sends a secret), appSecret or password (both log in to a session).")]
    public KingdeeAuth Auth { get; set; }

    /// <summary>Application id of the authorisation.</summary>
    [Description("Application id; needed unless auth is password.")]
    public string? AppId { get; set; }

    /// <summary>Application secret of the authorisation.</summary>
    [Secret]
    [Description("Application secret; needed unless auth is password.")]
    public string? AppSecret { get; set; }

    /// <summary>The user's password.</summary>
    [Secret]
    [Description("The user's password; only with auth: password.")]
    public string? Password { get; set; }

    /// <summary>Language of messages and names: 2052 simplified Chinese, 1033 English, 3076 traditional Chinese.</summary>
    [Description("Language: 2052 (default), 1033 or 3076.")]
    public int Lcid { get; set; } = 2052;

    /// <summary>Number of the organisation to work in.</summary>
    [Description("Number of the organisation to work in; 0 (default) is the user's own.")]
    public string OrgNum { get; set; } = "0";

    /// <summary>Rows per question; sites allow 2,000 unless they raised it.</summary>
    [Range(1, 10_000)]
    [Description("Rows per question, 1 to 10000. Default 2000.")]
    public int PageSize { get; set; } = 2_000;

    /// <summary>How far a run reaches back before the last change the run before has seen, because documents are committed late.</summary>
    [Description("How far a run reaches back before the end of the last one. Default 00:10:00.")]
    public TimeSpan Overlap { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Calls a minute to the data centre, shared by syncs and actions.</summary>
    [Range(1, 100_000)]
    [Description("Calls a minute, shared by syncs and actions. Default 600.")]
    public int CallsPerMinute { get; set; } = 600;

    /// <summary>Fields the site does not have, as <c>stream.Field</c>.</summary>
    [Description("Fields that this site does not have, as stream.Field, such as contacts.FEmail.")]
    public IReadOnlyList<string> WithoutFields { get; set; } = [];

    /// <summary>Fields of the site's own, as <c>stream.Field</c>.</summary>
    [Description("Further header fields to read, as stream.Field, such as customers.F_PAEZ_Level.")]
    public IReadOnlyList<string> MoreFields { get; set; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Url is not null && (!Url.IsAbsoluteUri || Url.Scheme is not ("http" or "https")))
            yield return new("is no http(s) address", [nameof(Url)]);
        var needsApp = Auth != KingdeeAuth.Password;
        if (needsApp && string.IsNullOrEmpty(AppId))
            yield return new("is missing; it stands in the site's third-party login authorisation", [nameof(AppId)]);
        if (needsApp && string.IsNullOrEmpty(AppSecret))
            yield return new("is missing; it stands in the site's third-party login authorisation", [nameof(AppSecret)]);
        if (Auth == KingdeeAuth.SignedHeaders && !string.IsNullOrEmpty(AppId) && !KingdeeSignature.IsAppId(AppId))
            yield return new("is not of the form NUMBER_BASE64 that signed headers need; copy all of it, or use auth: appSecret", [nameof(AppId)]);
        if (!needsApp && string.IsNullOrEmpty(Password))
            yield return new("is missing", [nameof(Password)]);
        foreach (var field in WithoutFields.Concat(MoreFields))
            if (!FieldName().IsMatch(field))
                yield return new($"'{field}' is not of the form stream.Field", [nameof(MoreFields)]);
    }

    [GeneratedRegex(@"\A[a-z_]+\.[A-Za-z_][A-Za-z0-9_.]*\z")]
    private static partial Regex FieldName();
}

/// <summary>How to authenticate at a site.</summary>
public enum KingdeeAuth
{
    /// <summary>Every request is signed; no session.</summary>
    SignedHeaders,

    /// <summary>A session, by a signature over application id and secret.</summary>
    AppSecret,

    /// <summary>A session, by password.</summary>
    Password,
}
