using IntegrationHub.Yaml;

namespace IntegrationHub.Model;

/// <summary>
/// Reads model files. A file either declares an entity (<c>entity: customer</c>) or adds to one (<c>extends: customer</c>), so that
/// integrators extend the model in files of their own.
/// </summary>
public static class ModelFiles
{
    private static readonly string[] Reserved = ["id", "entity", "links"];

    /// <summary>Compiles the model from the texts of all its files.</summary>
    /// <exception cref="InvalidFileException">With every fault of every file.</exception>
    public static EntityModel Compile(IEnumerable<(string File, string Text)> files)
    {
        var faults = new List<Diagnostic>();
        var drafts = new Dictionary<string, Draft>(StringComparer.Ordinal);
        var extensions = new List<Draft>();
        foreach (var (file, text) in InOrder(files))
        {
            var diagnostics = new Diagnostics(file);
            if (YamlSection.Over(YamlNode.Parse(text, diagnostics), "a model file", diagnostics) is { } section)
            {
                var draft = Read(section, diagnostics);
                if (draft.Extends)
                    extensions.Add(draft);
                else if (draft.Name.Length > 0 && !drafts.TryAdd(draft.Name, draft))
                    diagnostics.Add(section.Node, $"entity '{draft.Name}' is already declared in {drafts[draft.Name].Diagnostics.File}; use 'extends: {draft.Name}' to add to it");
            }

            faults.AddRange(diagnostics.All);
        }

        foreach (var extension in extensions)
            Extend(extension, drafts, faults);
        CheckLinks(drafts, faults);
        foreach (var draft in drafts.Values)
            draft.Compile(faults);
        foreach (var same in drafts.Values.GroupBy(d => d.Plural, StringComparer.Ordinal).Where(g => g.Count() > 1))
            faults.AddRange(same.Skip(1).Select(d => new Diagnostic(d.Diagnostics.File, d.Node.Line, d.Node.Column, $"plural '{d.Plural}' is already that of '{same.First().Name}'")));
        if (faults.Count > 0)
            throw new InvalidFileException(faults);
        return new([.. drafts.Values.OrderBy(d => d.Name, StringComparer.Ordinal).Select(d => d.Build())]);
    }

    // Sorted as objects: what sorts pairs by value would be compiled anew while a command starts.
    private static List<Source> InOrder(IEnumerable<(string File, string Text)> files)
    {
        var sources = new List<Source>();
        foreach (var (file, text) in files)
            sources.Add(new(file, text));
        return [.. sources.OrderBy(s => s.File, StringComparer.Ordinal)];
    }

    private sealed record Source(string File, string Text);

    private static Draft Read(YamlSection section, Diagnostics diagnostics)
    {
        var extends = section.Text("extends");
        var name = extends ?? section.Text("entity", required: true) ?? "";
        var draft = new Draft(name, extends is not null, section.Node, diagnostics);
        if (!IsName(name, allowUnderscore: true))
            diagnostics.Add(section.Node, $"entity name '{name}': expected lower-case letters, digits and underscores");
        if (!draft.Extends)
        {
            draft.Plural = section.Text("plural") ?? name + "s";
            draft.Description = section.Text("description") ?? "";
            draft.Label = section.Text("label");
        }

        foreach (var (key, value) in section.Map("identity"))
            if (YamlSection.Over(value, $"identity kind '{key.Text}'", diagnostics) is { } kind)
            {
                if (!IsName(key.Text, allowUnderscore: true) || key.Text == "source")
                    diagnostics.Add(key, $"identity kind '{key.Text}': expected lower-case letters, digits and underscores; 'source' is the source's own id");
                draft.Identity.Add(IdentitySection.Kind(key.Text, kind, diagnostics));
                kind.Finish();
            }

        draft.Matching = section.Get("matching");

        draft.Fields.AddRange(section.Map("fields").Select(f => Field(f.Key, f.Value, diagnostics, nested: false)).OfType<FieldType>());
        foreach (var (key, value) in section.Map("links"))
            if (YamlSection.Over(value, $"link '{key.Text}'", diagnostics) is { } link)
            {
                if (!IsName(key.Text, allowUnderscore: true))
                    diagnostics.Add(key, $"link name '{key.Text}': expected letters, digits and underscores");
                draft.Links.Add((new(key.Text, link.Text("entity", required: true) ?? "", link.Flag("many"), link.Text("description") ?? ""), value));
                link.Finish();
            }

        section.Finish();
        if (draft.Label is { } label && draft.Fields.All(f => f.Name != label))
            diagnostics.Add(section.Node, $"label: no field '{label}'{NearestName.Hint(label, draft.Fields.Select(f => f.Name))}");
        return draft;
    }

    private static FieldType? Field(YamlNode key, YamlNode node, Diagnostics diagnostics, bool nested)
    {
        if (Reserved.Contains(key.Text) && !nested)
            diagnostics.Add(key, $"field name '{key.Text}' is reserved");
        if (!IsName(key.Text, allowUnderscore: false))
            diagnostics.Add(key, $"field name '{key.Text}': expected camelCase letters and digits");
        if (YamlSection.Over(node, $"field '{key.Text}'", diagnostics) is not { } section)
            return null;
        section.Require("type");
        if (!nested)
            section.Require("class");
        var field = new FieldType
        {
            Name = key.Text,
            Kind = section.Choice("type", FieldKind.Text),
            Many = section.Flag("many"),
            Class = section.Choice("class", Classification.Business),
            Description = section.Text("description") ?? "",
            Values = section.Texts("values"),
            Indexed = section.Flag("indexed"),
            Searched = section.Flag("searched"),
            Survivorship = section.Choice("survivorship", Survivorship.Latest),
            Prefer = section.Texts("prefer"),
            Fields = [.. section.Map("fields").Select(f => Field(f.Key, f.Value, diagnostics, nested: true)).OfType<FieldType>()],
        };
        section.Finish();
        if (field.Survivorship == Survivorship.Collect && !field.Many)
            diagnostics.Add(node, $"field '{field.Name}': survivorship 'collect' needs 'many: true'");
        if (field.Survivorship is Survivorship.Max or Survivorship.Min && (field.Many || field.Kind is FieldKind.Object or FieldKind.Json or FieldKind.Boolean))
            diagnostics.Add(node, $"field '{field.Name}': {field} has no greatest or least value");
        if (field.Values.Count > 0 && field.Kind != FieldKind.Text)
            diagnostics.Add(node, $"field '{field.Name}': only text has 'values', this is {field}");
        if (field.Indexed && (field.Many || field.Kind is FieldKind.Object or FieldKind.Json))
            diagnostics.Add(node, $"field '{field.Name}': only single values can be indexed, this is {field}");
        if (field.Searched && field.Kind is not FieldKind.Text)
            diagnostics.Add(node, $"field '{field.Name}': only text can be searched, this is {field}");
        if (field.Kind == FieldKind.Object && field.Fields.Count == 0)
            diagnostics.Add(node, $"field '{field.Name}': an object needs 'fields:' (or use type: json)");
        return field;
    }

    private static void Extend(Draft extension, Dictionary<string, Draft> drafts, List<Diagnostic> faults)
    {
        var diagnostics = new Diagnostics(extension.Diagnostics.File);
        if (drafts.TryGetValue(extension.Name, out var target))
        {
            foreach (var field in extension.Fields)
                if (target.Fields.Any(f => f.Name == field.Name))
                    diagnostics.Add(extension.Node, $"'{extension.Name}' already has a field '{field.Name}'");
                else
                    target.Fields.Add(field);
            if (extension.Matching is { } matching)
                target.Matching = matching;
            foreach (var kind in extension.Identity)
                if (target.Identity.Any(k => k.Name == kind.Name))
                    diagnostics.Add(extension.Node, $"'{extension.Name}' already has an identity kind '{kind.Name}'");
                else
                    target.Identity.Add(kind);
            foreach (var link in extension.Links)
                if (target.Links.Any(l => l.Type.Name == link.Type.Name))
                    diagnostics.Add(link.Node, $"'{extension.Name}' already has a link '{link.Type.Name}'");
                else
                    target.Links.Add(link);
        }
        else
        {
            diagnostics.Add(extension.Node, $"extends: no entity '{extension.Name}'{NearestName.Hint(extension.Name, drafts.Keys)}");
        }

        faults.AddRange(diagnostics.All);
    }

    private static void CheckLinks(Dictionary<string, Draft> drafts, List<Diagnostic> faults)
    {
        foreach (var draft in drafts.Values)
            foreach (var (link, node) in draft.Links)
                if (!drafts.ContainsKey(link.Entity))
                    faults.Add(new(draft.Diagnostics.File, node.Line, node.Column, $"link '{link.Name}': no entity '{link.Entity}'{NearestName.Hint(link.Entity, drafts.Keys)}"));
    }

    private static bool IsName(string name, bool allowUnderscore) =>
        name.Length is > 0 and <= 64 && char.IsAsciiLetterLower(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || (allowUnderscore && c == '_'));

    private sealed class Draft(string name, bool extends, YamlNode node, Diagnostics diagnostics)
    {
        public string Name { get; } = name;

        public bool Extends { get; } = extends;

        public YamlNode Node { get; } = node;

        public Diagnostics Diagnostics { get; } = diagnostics;

        public string Plural { get; set; } = "";

        public string Description { get; set; } = "";

        public string? Label { get; set; }

        public List<IdentityKind> Identity { get; } = [];

        public List<FieldType> Fields { get; } = [];

        public List<(LinkType Type, YamlNode Node)> Links { get; } = [];

        /// <summary>Read when all kinds are known, those of extensions too; an extension's rules replace the entity's.</summary>
        public YamlNode? Matching { get; set; }

        private MatchingRules? Rules { get; set; }

        public void Compile(List<Diagnostic> faults)
        {
            var own = new Diagnostics(Diagnostics.File);
            Rules = IdentitySection.Matching(Matching, Identity, own);
            faults.AddRange(own.All);
        }

        public EntityType Build() => new()
        {
            Name = Name,
            Plural = Plural,
            Description = Description,
            Label = Label,
            Identity = Identity,
            Matching = Rules,
            Fields = Fields,
            Links = [.. Links.Select(l => l.Type)],
        };
    }
}
