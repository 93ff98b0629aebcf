using System.Text.RegularExpressions;
using IntegrationHub.Mapping.JsonPath;
using IntegrationHub.Sdk;
using IntegrationHub.Yaml;

namespace IntegrationHub.Connections.Declarative;

/// <summary>Streams.</summary>
internal sealed partial class ManifestCompiler
{
    private (StreamManifest, StreamPlan)? Stream(YamlNode key, YamlNode value)
    {
        if (!StreamName().IsMatch(key.Text))
            _diagnostics.Add(key, $"a stream's name is lower-case letters, digits and _, found '{key.Text}'");
        if (YamlSection.Over(value, $"stream '{key.Text}'", _diagnostics) is not { } stream)
            return null;
        var paging = Paging(stream.Get("paging"), key.Text);
        var since = Since(stream.Get("since"), key.Text);
        var windows = Windows(stream.Get("windows"), key.Text);
        if (since is not null && windows is not null)
            _diagnostics.Add(value, $"stream '{key.Text}': expected 'since:' or 'windows:', found both");

        var offered = new List<string>(_settings);
        if (paging.Size is not null)
            offered.Add("size");
        if (paging.Style is PagingStyle.Page or PagingStyle.Offset or PagingStyle.Token)
            offered.Add("page");
        if (since is not null)
            offered.Add("since");
        if (windows is not null)
            offered.AddRange(["from", "to"]);
        var request = Request(stream.Require("request"), $"request of stream '{key.Text}'", offered);
        foreach (var needed in offered.Except(_settings).Where(n => request is not null && n != "size" && !request.Placeholders.Contains(n)))
            _diagnostics.Add(stream.Get("request")!, $"request of stream '{key.Text}' uses {{{needed}}} nowhere: {Missing(needed)}");

        var records = stream.Require("records");
        var keys = OneOrMore(stream, "key").ToList();
        if (keys.Count == 0)
            _diagnostics.Add(value, $"stream '{key.Text}' needs 'key:', the path of what names a record");
        var observed = Observed(stream.Get("observedAt"));
        var manifest = new StreamManifest
        {
            Name = key.Text,
            Description = stream.Text("description", required: true) ?? "",
            Deletions = Word(stream, "deletions", Deletions, DeletionStyle.Never),
            PersonalData = [.. stream.List("personalData").Select(Paths).OfType<JsonPathQuery>().Select(p => p.ToString())],
        };
        var plan = new StreamPlan
        {
            Name = key.Text,
            Request = request ?? Nowhere,
            Paging = paging,
            Records = Paths(records) ?? Path("$"),
            List = stream.Flag("recordsMayBeMissing") ? null : ListOf(records),
            Key = [.. keys.Select(Path).OfType<JsonPathQuery>()],
            ObservedAt = observed.Path ?? since?.Value,
            ObservedFormat = observed.Path is not null ? observed.Format : since?.Format ?? new("iso"),
            Since = since,
            Windows = windows,
        };
        stream.Finish();
        return (manifest, plan);
    }

    private static string Missing(string placeholder) => placeholder switch
    {
        "page" => "every page would be the first",
        "since" => "every read would read everything",
        _ => "every window would hold everything",
    };

    /// <summary>The list that a path such as <c>$.data[*]</c> goes through.</summary>
    private static JsonPathQuery? ListOf(YamlNode? records) =>
        records is { Kind: YamlKind.Scalar } && records.Text.EndsWith("[*]", StringComparison.Ordinal) && JsonPathQuery.TryParse(records.Text[..^3], out var list, out _) && list.IsSingular ? list : null;

    private (JsonPathQuery? Path, ValueFormat Format) Observed(YamlNode? node)
    {
        if (node is not { Kind: YamlKind.Map })
            return (Path(node), new("iso"));
        var section = new YamlSection(node, "observedAt", _diagnostics);
        var observed = (Path(section.Require("path")), Format(section, "format"));
        section.Finish();
        return observed;
    }

    private PagingPlan Paging(YamlNode? node, string stream)
    {
        if (YamlSection.Over(node, $"paging of stream '{stream}'", _diagnostics) is not { } paging)
            return new();
        var style = paging.Choice("style", PagingStyle.None);
        var plan = new PagingPlan
        {
            Style = style,
            Size = Text(paging, "size", _settings),
            First = Number(paging, "first", style == PagingStyle.Page ? 1 : 0, 0),
            Next = Path(paging.Get("next")),
            Total = Path(paging.Get("total")),
            IsExact = paging.Flag("exact"),
            Last = Condition(paging.Get("last")),
            EmptyEnds = paging.Flag("emptyEnds"),
        };
        if (style is PagingStyle.Token or PagingStyle.Url != plan.Next is not null)
            _diagnostics.Add(paging.Node, "paging: 'next:', the path of the next token or address, belongs to the styles token and url, and they need it");
        if (style == PagingStyle.Offset && plan.Size is null)
            _diagnostics.Add(paging.Node, "paging: style offset needs 'size:', how many records a page holds");
        if (plan.Total is not null && (style is not (PagingStyle.Page or PagingStyle.Offset) || plan.Size is null))
            _diagnostics.Add(paging.Get("total")!, "total: belongs to the styles page and offset, with 'size:'");
        if (plan is { IsExact: true, Total: null })
            _diagnostics.Add(paging.Get("exact")!, "exact: says something about 'total:', which is missing");
        paging.Finish();
        return plan;
    }

    private SincePlan? Since(YamlNode? node, string stream)
    {
        if (YamlSection.Over(node, $"since of stream '{stream}'", _diagnostics) is not { } since)
            return null;
        var format = Format(since, "format", allowNumber: true);
        var plan = new SincePlan
        {
            Value = Path(since.Require("value")) ?? Path("$"),
            Format = format,
            Overlap = format.IsNumber ? Number(since, "overlap", 0, 0) : Span(since, "overlap", TimeSpan.FromMinutes(10)).Ticks,
            From = Text(since, "from", _settings),
            IsAscending = since.Choice("order", Order.Any) == Order.Ascending,
        };
        since.Finish();
        return plan;
    }

    private WindowPlan? Windows(YamlNode? node, string stream)
    {
        if (YamlSection.Over(node, $"windows of stream '{stream}'", _diagnostics) is not { } windows)
            return null;
        var plan = new WindowPlan
        {
            Format = Format(windows, "format"),
            Length = Span(windows, "length", TimeSpan.FromDays(30)),
            Unit = Span(windows, "unit", TimeSpan.FromSeconds(1)),
            Overlap = Span(windows, "overlap", TimeSpan.FromDays(1)),
            Ahead = Span(windows, "ahead", TimeSpan.FromMinutes(10)),
            From = Text(windows, "from", _settings, required: true) ?? Template.Literal(""),
        };
        if (plan.Unit < TimeSpan.FromMilliseconds(1) || plan.Length < plan.Unit || plan.Length.Ticks % plan.Unit.Ticks != 0)
            _diagnostics.Add(windows.Node, "windows: 'length:' has to be a multiple of 'unit:', and 'unit:' at least a millisecond");
        windows.Finish();
        return plan;
    }

    /// <summary>How a vendor orders what changed.</summary>
    internal enum Order
    {
        /// <summary>In no order that can be relied on.</summary>
        Any,

        /// <summary>By the value, the oldest first.</summary>
        Ascending,
    }

    internal static readonly IReadOnlyDictionary<string, DeletionStyle> Deletions = new Dictionary<string, DeletionStyle>
    {
        ["never"] = DeletionStyle.Never,
        ["explicit"] = DeletionStyle.Explicit,
        ["by-absence"] = DeletionStyle.ByAbsence,
    };

    [GeneratedRegex(@"\A[a-z][a-z0-9_]{0,63}\z")]
    private static partial Regex StreamName();
}
