using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Http;

namespace IntegrationHub.Connections.Declarative;

/// <summary>A request with placeholders.</summary>
internal sealed record RequestPlan
{
    public required HttpMethod Method { get; init; }

    /// <summary>A path behind the connector's address, or an absolute address.</summary>
    public required Template Target { get; init; }

    public IReadOnlyList<KeyValuePair<string, Template>> Query { get; init; } = [];

    public IReadOnlyList<KeyValuePair<string, Template>> Headers { get; init; } = [];

    public BodyPlan? Json { get; init; }

    public IReadOnlyList<KeyValuePair<string, Template>>? Form { get; init; }

    /// <summary>User and password, as HTTP Basic, of requests that carry their own.</summary>
    public (Template User, Template Password)? Basic { get; init; }

    /// <summary>Every placeholder that it uses.</summary>
    public IEnumerable<string> Placeholders => Query.Concat(Headers).Concat(Form ?? []).SelectMany(p => p.Value.Placeholders).Concat(Target.Placeholders).Concat(Json?.Placeholders ?? [])
        .Concat(Basic?.User.Placeholders ?? []).Concat(Basic?.Password.Placeholders ?? []);

    /// <summary>The request; parameters, headers and members whose placeholder stands for nothing are left out.</summary>
    /// <exception cref="ConnectorException">A placeholder of the address stands for nothing, or for something that is no part of an address.</exception>
    public VendorRequest Build(Values values)
    {
        var target = Target.Fill(values, (name, text) => name.StartsWith("settings.", StringComparison.Ordinal) && Uri.IsWellFormedUriString(text, UriKind.Absolute) ? text.TrimEnd('/') : Segment(name, text))
            ?? throw new ConnectorException(ConnectorErrorKind.Permanent, $"the address needs {string.Join(", ", Target.Placeholders.Where(p => values.Get(p) is null))}, which is missing");
        var request = new VendorRequest(Method, target)
        {
            Query = [.. Query.SelectMany(p => Parameters(p.Key, p.Value, values))],
            Headers = [.. Headers.Select(h => KeyValuePair.Create(h.Key, h.Value.Fill(values)!)).Where(h => h.Value is not null), .. BasicHeader(Basic, values)],
        };
        return this switch
        {
            { Json: { } json } => request with { Body = json.Write(values) },
            { Form: { } form } => request with
            {
                Body = Encoding.ASCII.GetBytes(string.Join('&', form.SelectMany(p => Parameters(p.Key, p.Value, values)).Select(p => $"{Uri.EscapeDataString(p.Key)}={Uri.EscapeDataString(p.Value)}"))),
                ContentType = "application/x-www-form-urlencoded",
            },
            _ => request,
        };
    }

    /// <summary>The header of HTTP Basic, RFC 7617.</summary>
    public static IEnumerable<KeyValuePair<string, string>> BasicHeader((Template User, Template Password)? basic, Values values) => basic is { } pair
        ? [new("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{pair.User.Fill(values)}:{pair.Password.Fill(values)}")))]
        : [];

    /// <summary>A list stands as one parameter for each element.</summary>
    private static IEnumerable<KeyValuePair<string, string>> Parameters(string name, Template template, Values values)
    {
        if (template.Whole is { } whole && values.Get(whole) is { IsJson: true, Text: ['[', ..] list })
            return JsonDocument.Parse(list).RootElement.EnumerateArray().Select(e => KeyValuePair.Create(name, e.ToString()));
        return template.Fill(values) is { } text ? [KeyValuePair.Create(name, text)] : [];
    }

    private static string Segment(string name, string text) => text is "." or ".." || text.Any(char.IsControl)
        ? throw new ConnectorException(ConnectorErrorKind.Permanent, $"{name} cannot be part of an address")
        : Uri.EscapeDataString(text);
}

/// <summary>A JSON body with placeholders.</summary>
internal abstract record BodyPlan
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public abstract IEnumerable<string> Placeholders { get; }

    public ReadOnlyMemory<byte> Write(Values values)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body, Options))
            Write(json, values);
        return body.ToArray();
    }

    protected virtual bool IsMissing(Values values) => false;

    protected abstract void Write(Utf8JsonWriter json, Values values);

    /// <summary>Written as it stands in the file.</summary>
    public sealed record Literal(string Source) : BodyPlan
    {
        public override IEnumerable<string> Placeholders => [];

        protected override void Write(Utf8JsonWriter json, Values values) => json.WriteRawValue(Source);
    }

    public sealed record Text(Template Template) : BodyPlan
    {
        public override IEnumerable<string> Placeholders => Template.Placeholders;

        protected override bool IsMissing(Values values) => Template.Placeholders.Any(p => values.Get(p) is null);

        protected override void Write(Utf8JsonWriter json, Values values)
        {
            if (Template.Whole is { } whole && values.Get(whole) is { IsJson: true } value)
                json.WriteRawValue(value.Text);
            else
                json.WriteStringValue(Template.Fill(values));
        }
    }

    public sealed record List(IReadOnlyList<BodyPlan> Items) : BodyPlan
    {
        public override IEnumerable<string> Placeholders => Items.SelectMany(i => i.Placeholders);

        protected override void Write(Utf8JsonWriter json, Values values)
        {
            json.WriteStartArray();
            foreach (var item in Items.Where(i => !i.IsMissing(values)))
                item.Write(json, values);
            json.WriteEndArray();
        }
    }

    public sealed record Map(IReadOnlyList<KeyValuePair<string, BodyPlan>> Members) : BodyPlan
    {
        public override IEnumerable<string> Placeholders => Members.SelectMany(m => m.Value.Placeholders);

        protected override void Write(Utf8JsonWriter json, Values values)
        {
            json.WriteStartObject();
            foreach (var (name, value) in Members.Where(m => !m.Value.IsMissing(values)))
            {
                json.WritePropertyName(name);
                value.Write(json, values);
            }

            json.WriteEndObject();
        }
    }
}
