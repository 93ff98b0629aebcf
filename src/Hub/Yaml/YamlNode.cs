using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace IntegrationHub.Yaml;

/// <summary>The three shapes of YAML.</summary>
public enum YamlKind
{
    Scalar,
    List,
    Map,
}

/// <summary>
/// A YAML value with its place in the file. Anchors, aliases and tags are refused: a mapping file needs none of them, and they are how a small
/// file becomes a large one.
/// </summary>
public sealed partial class YamlNode
{
    /// <summary>The largest file that is read.</summary>
    public const int MaxLength = 4 * 1024 * 1024;

    private const int MaxDepth = 64;

    private YamlNode(YamlKind kind, Mark at)
    {
        Kind = kind;
        Line = (int)at.Line;
        Column = (int)at.Column;
    }

    public YamlKind Kind { get; }

    public int Line { get; }

    public int Column { get; }

    /// <summary>Text of a scalar.</summary>
    public string Text { get; private init; } = "";

    /// <summary>The scalar was written without quotes, so that <c>true</c>, <c>null</c> and numbers have their YAML 1.2 meaning.</summary>
    public bool IsPlain { get; private init; }

    /// <summary>The line of the file that a scalar stands on, when it stands on one.</summary>
    private string? SourceLine { get; init; }

    public IReadOnlyList<YamlNode> Items { get; private set; } = [];

    /// <summary>Members in file order; keys are scalars.</summary>
    public IReadOnlyList<KeyValuePair<YamlNode, YamlNode>> Members { get; private set; } = [];

    public bool IsNull => Kind == YamlKind.Scalar && IsPlain && Text is "" or "~" or "null" or "Null" or "NULL";

    public bool? AsBoolean => Kind == YamlKind.Scalar && IsPlain ? Text switch
    {
        "true" or "True" or "TRUE" => true,
        "false" or "False" or "FALSE" => false,
        _ => null,
    } : null;

    /// <summary>The text follows JSON's number grammar.</summary>
    public bool IsNumber => Kind == YamlKind.Scalar && IsPlain && NumberText().IsMatch(Text);

    public YamlNode? this[string key]
    {
        get
        {
            foreach (var (name, value) in Members)
                if (name.Text == key)
                    return value;
            return null;
        }
    }

    public override string ToString() => Kind switch
    {
        YamlKind.Scalar => $"'{Text}'",
        YamlKind.List => "a list",
        _ => "a map",
    };

    /// <summary>A text that the file means without writing it, at a place of the file.</summary>
    internal static YamlNode Scalar(string text, YamlNode at) => new(YamlKind.Scalar, new(0, at.Line, at.Column)) { Text = text };

    /// <summary>JSON's number grammar.</summary>
    [GeneratedRegex(@"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    internal static partial Regex NumberText();

    /// <summary>The column in the file of a character of a scalar's text; of the scalar itself when it goes over several lines.</summary>
    public int ColumnOf(int offset)
    {
        if (SourceLine is null)
            return Column;
        if (IsPlain)
            return Column + offset;
        var quote = SourceLine[Column - 1];
        var at = Column;
        for (var decoded = 0; decoded < offset && at < SourceLine.Length; decoded++)
            at += (quote, SourceLine[at], SourceLine.ElementAtOrDefault(at + 1)) switch
            {
                ('\'', '\'', '\'') => 2,
                ('"', '\\', 'x') => 4,
                ('"', '\\', 'u') => 6,
                ('"', '\\', 'U') => 10,
                ('"', '\\', _) => 2,
                _ => 1,
            };
        return at + 1;
    }

    /// <summary>Reads one document. Returns <c>null</c> and reports when it cannot be read at all.</summary>
    public static YamlNode? Parse(string text, Diagnostics diagnostics)
    {
        if (text.Length > MaxLength)
        {
            diagnostics.Add(1, 1, $"the file has {text.Length:N0} characters; at most {MaxLength:N0} are read");
            return null;
        }

        var parser = new Parser(new Scanner(new StringReader(text), skipComments: true));
        try
        {
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _))
            {
                diagnostics.Add(1, 1, "the file is empty");
                return null;
            }

            parser.Consume<DocumentStart>();
            var root = Read(parser, text, diagnostics, 0);
            parser.Consume<DocumentEnd>();
            if (parser.Accept<DocumentStart>(out var second))
                diagnostics.Add((int)second.Start.Line, (int)second.Start.Column, "a second document; a file holds one");
            return root;
        }
        catch (YamlException e)
        {
            diagnostics.Add(Math.Max(1, (int)e.Start.Line), Math.Max(1, (int)e.Start.Column), "not YAML: " + e.Message + Advice(text, e));
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // The parser says so of some damaged files, without a place.
            var near = parser.Current?.End ?? Mark.Empty;
            diagnostics.Add(Math.Max(1, (int)near.Line), Math.Max(1, (int)near.Column), "not YAML: something behind this place cannot be read");
            return null;
        }
    }

    private static string Advice(string text, YamlException e)
    {
        var line = text.Split('\n').ElementAtOrDefault((int)e.Start.Line - 1) ?? "";
        return line.Contains(": @", StringComparison.Ordinal) ? " (a value that starts with @ must stand in quotes: \"@.name\")" : "";
    }

    private static YamlNode Read(Parser parser, string text, Diagnostics diagnostics, int depth)
    {
        if (depth > MaxDepth)
            throw new YamlException(parser.Current!.Start, parser.Current.End, $"nested deeper than {MaxDepth} levels");
        switch (parser.Current)
        {
            case YamlDotNet.Core.Events.Scalar scalar:
                RefuseAnchor(scalar, diagnostics);
                parser.MoveNext();
                return new(YamlKind.Scalar, scalar.Start)
                {
                    Text = scalar.Value,
                    IsPlain = scalar.Style is ScalarStyle.Plain,
                    SourceLine = scalar.Start.Line == scalar.End.Line ? text[(int)(scalar.Start.Index - scalar.Start.Column + 1)..(int)scalar.End.Index] : null,
                };
            case SequenceStart start:
                RefuseAnchor(start, diagnostics);
                parser.MoveNext();
                var items = new List<YamlNode>();
                while (!parser.TryConsume<SequenceEnd>(out _))
                    items.Add(Read(parser, text, diagnostics, depth + 1));
                return new(YamlKind.List, start.Start) { Items = items };
            case MappingStart start:
                RefuseAnchor(start, diagnostics);
                parser.MoveNext();
                return new(YamlKind.Map, start.Start) { Members = ReadMembers(parser, text, diagnostics, depth) };
            case AnchorAlias alias:
                diagnostics.Add((int)alias.Start.Line, (int)alias.Start.Column, $"alias '*{alias.Value}': anchors and aliases are not used in these files; write the value again");
                parser.MoveNext();
                return new(YamlKind.Scalar, alias.Start) { IsPlain = true };
            default:
                throw new YamlException(parser.Current!.Start, parser.Current.End, "unexpected " + parser.Current.GetType().Name);
        }
    }

    private static List<KeyValuePair<YamlNode, YamlNode>> ReadMembers(Parser parser, string text, Diagnostics diagnostics, int depth)
    {
        var members = new List<KeyValuePair<YamlNode, YamlNode>>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = Read(parser, text, diagnostics, depth + 1);
            var value = Read(parser, text, diagnostics, depth + 1);
            if (key.Kind != YamlKind.Scalar)
                diagnostics.Add(key, "a key must be a plain word");
            else if (!seen.Add(key.Text))
                diagnostics.Add(key, $"'{key.Text}' stands here a second time");
            else
                members.Add(new(key, value));
        }

        return members;
    }

    private static void RefuseAnchor(NodeEvent node, Diagnostics diagnostics)
    {
        if (!node.Anchor.IsEmpty)
            diagnostics.Add((int)node.Start.Line, (int)node.Start.Column, $"anchor '&{node.Anchor.Value}': anchors and aliases are not used in these files");
        if (!node.Tag.IsEmpty && !node.Tag.IsNonSpecific)
            diagnostics.Add((int)node.Start.Line, (int)node.Start.Column, $"tag '{node.Tag.Value}': tags are not used in these files");
    }
}
