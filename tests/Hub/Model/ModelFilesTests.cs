using System.Runtime.CompilerServices;
using IntegrationHub.Model;
using IntegrationHub.Yaml;

namespace IntegrationHub.Tests.Model;

public sealed class ModelFilesTests
{
    [Fact]
    public void Model_that_comes_with_the_hub_is_valid()
    {
        var folder = Path.Combine(Path.GetDirectoryName(ThisFile())!, "../../../mappings/model");
        var model = ModelFiles.Compile(Directory.GetFiles(folder, "*.yaml").Select(f => (f, File.ReadAllText(f))));
        Assert.NotNull(model.Find("customer"));
        Assert.All(model.Entities, e => Assert.All(e.Links, l => Assert.NotNull(model.Find(l.Entity))));
    }

    [Fact]
    public void Extension_adds_to_an_entity_of_another_file()
    {
        var model = ModelFiles.Compile([("own.yaml", "extends: thing\nfields: { mine: { type: text, class: business } }\nlinks: { other: { entity: thing } }\nidentity: { x: { strength: hint } }\n"), ("thing.yaml", Thing)]);
        var thing = model.Find("thing")!;
        Assert.NotNull(thing.Field("mine"));
        Assert.NotNull(thing.Link("other"));
        Assert.NotNull(thing.IdentityKind("x"));
        Assert.Same(thing, model.FindPlural("things"));
    }

    [Theory]
    [InlineData("entity: Thing2\n", "2.yaml:1:1: entity name 'Thing2'")]
    [InlineData("entity: thing\n", "2.yaml:1:1: entity 'thing' is already declared in 1.yaml")]
    [InlineData("entity: other\nplural: things\n", "2.yaml:1:1: plural 'things' is already that of 'thing'")]
    [InlineData("extends: thin\n", "2.yaml:1:1: extends: no entity 'thin'; did you mean 'thing'?")]
    [InlineData("extends: thing\nfields: { name: { type: text, class: business } }\n", "2.yaml:1:1: 'thing' already has a field 'name'")]
    [InlineData("extends: thing\nlinks: { parent: { entity: thing } }\n", "2.yaml:2:18: 'thing' already has a link 'parent'")]
    [InlineData("extends: thing\nidentity: { a: { strength: strong } }\n", "2.yaml:1:1: 'thing' already has an identity kind 'a'")]
    [InlineData("entity: b\nidentity: { source: { strength: strong } }\n", "2.yaml:2:13: identity kind 'source'")]
    [InlineData("entity: b\nidentity: { a?: { strength: strong } }\n", "2.yaml:2:13: identity kind 'a?'")]
    [InlineData("entity: b\nidentity: { m: { strength: joint } }\nmatching: { candidates: [m], compare: { m: { equal: 10001 } }, merge: 4, propose: 2 }\n", "2.yaml:3:53: 'equal': expected a weight from -10000 to 10000, found '10001'")]
    [InlineData("entity: b\nidentity: { m: { strength: joint } }\nmatching: { candidates: [m], compare: { m: { similar: { 0.8: -1e9 } } }, merge: 4, propose: 2 }\n", "2.yaml:3:62: similar: expected a weight from -10000 to 10000, found '-1e9'")]
    [InlineData("entity: b\nidentity: { m: { strength: joint } }\nmatching: { candidates: [m], compare: { m: { equal: 3, apart: 5, withinDays: 9 } }, merge: 4, propose: 2 }\n", "2.yaml:3:44: comparison 'm': 'apart' (5) may not be more than 'equal' (3)")]
    [InlineData("entity: b\nlinks: { 'a\"b': { entity: thing } }\n", "2.yaml:2:10: link name 'a\"b'")]
    [InlineData("entity: b\nlinks: { up: { entity: thng } }\n", "2.yaml:2:14: link 'up': no entity 'thng'; did you mean 'thing'?")]
    [InlineData("entity: b\nlabel: nam\nfields: { name: { type: text, class: business } }\n", "2.yaml:1:1: label: no field 'nam'; did you mean 'name'?")]
    [InlineData("entity: b\nfields: { id: { type: text, class: business } }\n", "2.yaml:2:11: field name 'id' is reserved")]
    [InlineData("entity: b\nfields: { a_b: { type: text, class: business } }\n", "2.yaml:2:11: field name 'a_b'")]
    [InlineData("entity: b\nfields: { a: { type: txt, class: business } }\n", "2.yaml:2:22: 'type': 'txt' is not one of")]
    [InlineData("entity: b\nfields: { a: { type: text } }\n", "2.yaml:2:14: field 'a' needs 'class:'")]
    [InlineData("entity: b\nfields: { a: { type: text, class: business, sorted: true } }\n", "2.yaml:2:45: unknown 'sorted' in field 'a'")]
    [InlineData("entity: b\nfields: { a: { type: text, class: business, indexed: yes } }\n", "2.yaml:2:54: 'indexed': expected true or false, found 'yes'")]
    [InlineData("entity: b\nfields: { a: { type: text, class: business, survivorship: collect } }\n", "2.yaml:2:14: field 'a': survivorship 'collect' needs 'many: true'")]
    [InlineData("entity: b\nfields: { a: { type: json, class: business, survivorship: max } }\n", "2.yaml:2:14: field 'a': json has no greatest or least value")]
    [InlineData("entity: b\nfields: { a: { type: number, class: business, values: [x] } }\n", "2.yaml:2:14: field 'a': only text has 'values'")]
    [InlineData("entity: b\nfields: { a: { type: text, class: business, values: [[x]] } }\n", "2.yaml:2:54: 'values': expected a text, found a list")]
    [InlineData("entity: b\nfields: { a: { type: object, class: business } }\n", "2.yaml:2:14: field 'a': an object needs 'fields:'")]
    [InlineData("entity: b\nfields: { a: { type: text, many: true, class: business, indexed: true } }\n", "2.yaml:2:14: field 'a': only single values can be indexed")]
    public void Mistake_is_told_with_its_place(string text, string expected) =>
        Assert.Contains(
            Assert.Throws<InvalidFileException>(() => ModelFiles.Compile([("1.yaml", Thing), ("2.yaml", text)])).Faults,
            f => f.ToString().StartsWith(expected, StringComparison.Ordinal));

    private const string Thing = "entity: thing\nidentity: { a: { strength: strong } }\nfields: { name: { type: text, class: business } }\nlinks: { parent: { entity: thing } }\n";

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
