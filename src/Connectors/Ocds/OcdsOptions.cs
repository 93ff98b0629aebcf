using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace IntegrationHub.Connectors.Ocds;

/// <summary>The settings of an <c>ocds</c> connection. Give exactly one source: files, or a publisher's address.</summary>
public sealed class OcdsOptions : IValidatableObject
{
    /// <summary>A file or a folder, relative to the configuration. A folder is read with its sub-folders, in order of name.</summary>
    [Description("A file or a folder (with sub-folders, in order of name), relative to the configuration.")]
    public string? Path { get; set; }

    /// <summary>Several files or folders, read in this order.</summary>
    [Description("Several files or folders, read in this order.")]
    public IReadOnlyList<string>? Paths { get; set; }

    /// <summary>The address of the first package (<c>style: package</c>), or of the publisher's server when it is not the usual one.</summary>
    [Description("Address of the first package (style 'package'), or of the publisher's server when it is not the usual one.")]
    public string? Url { get; set; }

    /// <summary>How the publisher pages.</summary>
    /// <value>Default <see cref="OcdsStyle.Package"/>.</value>
    [Description("How the publisher pages: package, findATender, contractsFinder, austender, armenia.")]
    public OcdsStyle Style { get; set; }

    /// <summary>Where the first read begins; needed for publishers that are asked by time.</summary>
    [Description("Where the first read begins, e.g. 2025-01-01T00:00:00Z; needed for findATender, contractsFinder, austender.")]
    public DateTimeOffset? From { get; set; }

    /// <summary>How much time one question to the publisher covers.</summary>
    /// <value>Default 6 hours, which the British servers answer safely.</value>
    [Description("How much time one question to the publisher covers. Default 06:00:00.")]
    public TimeSpan Window { get; set; } = TimeSpan.FromHours(6);

    /// <summary>How far a new run reaches back before the end of the last one; covers late entries and servers that tell local time.</summary>
    /// <value>Default 6 hours.</value>
    [Description("How far a new run reaches back before the end of the last one. Default 06:00:00.")]
    public TimeSpan Overlap { get; set; } = TimeSpan.FromHours(6);

    /// <summary>Only these stages (<c>planning</c>, <c>tender</c>, <c>award</c>), for the British publishers.</summary>
    /// <value>Default all.</value>
    [Description("Only these stages (planning, tender, award), for findATender and contractsFinder. Default all.")]
    public IReadOnlyList<string>? Stages { get; set; }

    /// <summary>Releases per page.</summary>
    /// <value>Default 100, the most the publishers allow.</value>
    [Range(1, 100)]
    [Description("Releases per page, 1 to 100. Default 100.")]
    public int PageSize { get; set; } = 100;

    /// <summary>How many pages one run reads before it gives up, against pages that never end.</summary>
    /// <value>Default 10,000.</value>
    [Range(1, 1_000_000)]
    [Description("How many pages one run reads before it gives up. Default 10000.")]
    public int MaxPages { get; set; } = 10_000;

    /// <summary>The largest page to hold, in bytes, after decompression.</summary>
    /// <value>Default 64 MiB.</value>
    [Range(1024, 1024 * 1024 * 1024)]
    [Description("The largest page to hold, in bytes. Default 67108864 (64 MiB).")]
    public int MaxPageBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>The encoding of files or answers that do not say it themselves: <c>utf-8</c> or <c>iso-8859-1</c>.</summary>
    /// <value>Default <c>utf-8</c>, strictly.</value>
    [Description("Encoding of files or answers that do not say it: utf-8 (default) or iso-8859-1.")]
    public string? Charset { get; set; }

    /// <summary>The files or folders in reading order; empty when the source is an address.</summary>
    internal IReadOnlyList<string> AllPaths => Path is not null ? [Path] : Paths ?? [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var hasFiles = Path is not null || Paths is not null;
        if (Path is not null && Paths is not null)
            yield return new("give either path or paths, not both", [nameof(Path), nameof(Paths)]);
        if (Path is not null && string.IsNullOrWhiteSpace(Path))
            yield return new("is empty; give a file or a folder", [nameof(Path)]);
        if (Paths is not null && (Paths.Count == 0 || Paths.Any(string.IsNullOrWhiteSpace)))
            yield return new("needs at least one file or folder, none of them empty", [nameof(Paths)]);
        if (hasFiles && (Url is not null || Style != OcdsStyle.Package))
            yield return new("files and a publisher's address cannot be combined; make two connections", [nameof(Url), nameof(Style)]);
        if (!hasFiles && Url is null && Style == OcdsStyle.Package)
            yield return new("give a path, or a url, or a style", [nameof(Path), nameof(Url)]);
        if (Url is not null && !(Uri.TryCreate(Url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
            yield return new("must be an absolute http or https address", [nameof(Url)]);
        if (!Enum.IsDefined(Style))
            yield return new("is not a known style", [nameof(Style)]);
        if (Style is OcdsStyle.FindATender or OcdsStyle.ContractsFinder or OcdsStyle.Austender && From is null)
            yield return new("is needed for this style: the time where the first read begins, e.g. 2025-01-01T00:00:00Z", [nameof(From)]);
        if (Window < TimeSpan.FromMinutes(1) || Window > TimeSpan.FromDays(366))
            yield return new("must be between 00:01:00 and 366.00:00:00", [nameof(Window)]);
        if (Overlap < TimeSpan.Zero || Overlap > TimeSpan.FromDays(366))
            yield return new("must be between 00:00:00 and 366.00:00:00", [nameof(Overlap)]);
        if (Stages is not null && (Stages.Count == 0 || Stages.Any(stage => stage is not ("planning" or "tender" or "award"))))
            yield return new("must be a list of planning, tender, award", [nameof(Stages)]);
        if (Stages is not null && Style is not (OcdsStyle.FindATender or OcdsStyle.ContractsFinder))
            yield return new("only findATender and contractsFinder can be asked for stages", [nameof(Stages)]);
        if (Charset is not null && !Reading.TextEncoding.IsKnown(Charset))
            yield return new("must be utf-8 or iso-8859-1", [nameof(Charset)]);
    }
}

/// <summary>How a publisher pages.</summary>
public enum OcdsStyle
{
    /// <summary>One address; further pages through <c>links.next</c> or <c>next_page.uri</c>. Every run reads everything.</summary>
    Package,

    /// <summary>UK Find a Tender: asked by update time, pages through <c>links.next</c>.</summary>
    FindATender,

    /// <summary>UK Contracts Finder: asked by publication time, pages through <c>links.next</c>.</summary>
    ContractsFinder,

    /// <summary>Australia, AusTender: asked by time of last modification, pages through <c>links.next</c>.</summary>
    Austender,

    /// <summary>Armenia, armeps.am: one endless list by time in milliseconds, pages through <c>next_page.uri</c>.</summary>
    Armenia,
}
