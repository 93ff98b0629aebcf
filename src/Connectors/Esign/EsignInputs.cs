using System.ComponentModel.DataAnnotations;

namespace IntegrationHub.Connectors.Esign;

/// <summary>Input of <c>create_flow</c>.</summary>
public sealed class CreateFlowInput
{
    /// <summary>The caller's own number of the business; kept in every sign field.</summary>
    [Required, StringLength(100)]
    public string Number { get; set; } = "";

    /// <summary>Title that signers see.</summary>
    [Required, StringLength(100)]
    public string Title { get; set; } = "";

    /// <summary>Id of an uploaded file.</summary>
    [Required]
    public string FileId { get; set; } = "";

    /// <summary>Who signs, in order.</summary>
    [Required, MinLength(1), MaxLength(10)]
    public IReadOnlyList<SignerInput> Signers { get; set; } = [];
}

/// <summary>One signer.</summary>
public sealed class SignerInput
{
    /// <summary>Name of the organisation, or nothing for a person who signs alone.</summary>
    public string? Organisation { get; set; }

    /// <summary>Name of the person.</summary>
    [Required]
    public string Person { get; set; } = "";

    /// <summary>Mobile number or e-mail address of the person.</summary>
    [Required]
    public string Account { get; set; } = "";

    /// <summary>Page to sign on, from 1.</summary>
    [Range(1, 10_000)]
    public int Page { get; set; } = 1;

    /// <summary>Distance from the left in points.</summary>
    public decimal X { get; set; } = 400;

    /// <summary>Distance from the bottom in points.</summary>
    public decimal Y { get; set; } = 200;
}

/// <summary>Input of <c>urge_flow</c>.</summary>
public sealed class FlowInput
{
    /// <summary>The flow.</summary>
    [Required]
    public string Flow { get; set; } = "";
}

/// <summary>Input of <c>revoke_flow</c>.</summary>
public sealed class RevokeFlowInput
{
    /// <summary>The flow.</summary>
    [Required]
    public string Flow { get; set; } = "";

    /// <summary>Why; signers see it.</summary>
    [Required, StringLength(50)]
    public string Reason { get; set; } = "";
}
