using IntegrationHub.Mapping;
using IntegrationHub.Yaml;

namespace IntegrationHub.Tests.Mapping;

public sealed class MappingCompilerTests
{
    [Fact]
    public void Every_mistake_of_a_file_is_told_with_its_place()
    {
        const string Text = """
            source: nonsense
            contributes:
              - entity: thingy
                key: $.id
              - entity: thing
                identity: { usc: $.x }
                fields:
                  txt: $.a
                  text: $.a[
                  color: "$.a | trimm"
                  number: abc
                  integer: $.a[*]
                  date: "@.x"
                  money: { amount: 1 }
                  any: { $frist: [] }
                  texts: 'it''s $.b'
                  flag: '$[''x''] | trim('
                links:
                  parnet: { key: $.p }
                feilds: {}
            tests:
              - name: t
            """;
        string[] expected =
            [
                "m.yaml:1:9: source: expected CONNECTOR/STREAM",
                "m.yaml:3:13: unknown entity 'thingy'; did you mean 'thing'?",
                "m.yaml:5:5: an entry of 'contributes:' needs 'key:'",
                "m.yaml:6:17: unknown identity kind 'usc' of thing; did you mean 'uscc'?",
                "m.yaml:8:7: unknown field 'txt' of thing; did you mean 'text'?",
                "m.yaml:9:17: ",
                "m.yaml:10:21: unknown function 'trimm'; did you mean 'trim'?",
                "m.yaml:11:15: thing.fields.number: expected number, found text",
                "m.yaml:12:16: thing.fields.integer is a single integer, but this can give several values",
                "m.yaml:13:14: '@' stands for the element of an 'each:'",
                "m.yaml:14:14: money needs 'currency:'",
                "m.yaml:15:14: unknown operator '$frist'; did you mean '$first'?",
                "m.yaml:17:30: the expression ends inside the arguments of a function",
                "m.yaml:19:7: unknown link 'parnet' of thing; did you mean 'parent'?",
                "m.yaml:20:5: unknown 'feilds' in an entry of 'contributes:'; did you mean 'fields'?",
                "m.yaml:22:5: an entry of 'tests:' needs 'given:'",
                "m.yaml:22:5: test 't' needs either 'expect:' or 'rejects:'",
            ];
        var faults = Faults(Text);
        Assert.All(faults.Zip(expected), f => Assert.StartsWith(f.Second, f.First.ToString(), StringComparison.Ordinal));
        Assert.Equal(expected.Length, faults.Count);
    }

    [Theory]
    [InlineData("text: $.a[?@.b = 1]", 7)]
    [InlineData("text: \"$.a[?@.b = 1]\"", 7)]
    [InlineData("text: '$[''é''] | nope'", 7)]
    [InlineData("text: \"$['\\u00e9\\x41'] | nope\"", 7)]
    [InlineData("text: { $template: \"a {$.b | nope}\" }", 7)]
    [InlineData("text: { $first: [$.a, $.b | nope] }", 7)]
    [InlineData("any: { x: { y: [1, '$.b | nope'] } }", 7)]
    [InlineData("text: $.a | trim | nope", 7)]
    [InlineData("text: $.a | default($.b | nope)", 7)]
    public void Column_is_that_of_the_character(string field, int line)
    {
        var fault = Assert.Single(Faults($"source: a/b\ncontributes:\n  - entity: thing\n    key: $.id\n    # 张\n    fields:\n      {field}\n"));
        var at = field.IndexOf("nope", StringComparison.Ordinal) is var nope and >= 0 ? nope : field.IndexOf("= 1", StringComparison.Ordinal);
        Assert.Equal((line, at + 7), (fault.Line, fault.Column));
    }

    [Theory]
    [InlineData("text: 5", "expected text, found number; add '| toText'")]
    [InlineData("text: true", "expected text, found boolean")]
    [InlineData("number: '5'", "expected number, found text; add '| number'")]
    [InlineData("number: 007", "expected number, found text")]
    [InlineData("number: 1.e5", "expected number, found text")]
    [InlineData("integer: 1.5", "expected a whole number")]
    [InlineData("flag: yes", "expected boolean, found text")]
    [InlineData("color: blue", "not one of the allowed values of 'color': red, green, 红")]
    [InlineData("date: 2026-02-30", "expected a date such as")]
    [InlineData("time: 2026-01-01", "expected a time such as")]
    [InlineData("text: { a: b }", "expected text, found object")]
    [InlineData("texts: [a, 5]", "expected list of Text, found number")]
    [InlineData("text: { $first: [$.a, 5] }", "expected text, found number")]
    [InlineData("text: { $when: $.a, $then: 5 }", "expected text, found number")]
    [InlineData("text: [a, b]", "can give several values")]
    [InlineData("text: $.a | split(',')", "can give several values")]
    [InlineData("text: $..a", "can give several values")]
    [InlineData("money: { amount: x, currency: CNY }", "expected number, found text")]
    [InlineData("money: { amount: 1, currency: CNY, tax: 2 }", "unknown field 'tax' of 'money'")]
    [InlineData("address: { town: $.x }", "unknown field 'town' of 'address'")]
    [InlineData("text: { $first: [a, $.b] }", "never reached")]
    [InlineData("text: { $first: $.a }", "$first takes a list")]
    [InlineData("text: { $literal: a, x: 1 }", "stands alone")]
    [InlineData("text: { $when: $.a }", "'$when' needs '$then:'")]
    [InlineData("text: { $when: $.a, $then: b, $esle: c }", "unknown '$esle'")]
    [InlineData("rows: { $each: '$.a[*]' }", "$each needs either")]
    [InlineData("rows: { $each: '$.a[*]', $fi: '@.x', name: '@.n' }", "unknown '$fi' beside '$each'")]
    [InlineData("text: { $template: 'a } b' }", "a single '}'")]
    [InlineData("text: { $template: 'a {$.b' }", "expected '}', found the end")]
    [InlineData("text: $.a |", "expected the name of a function")]
    [InlineData("text: $.a | trim x", "unexpected 'x'")]
    [InlineData("text: \"$.a | default('x)\"", "is never closed")]
    [InlineData("text: $.a | split", "takes")]
    [InlineData("text: @.a", "must stand in quotes")]
    [InlineData("text: &a x", "anchors and aliases are not used")]
    [InlineData("text: *a", "not used")]
    [InlineData("text: !!str 5", "tags are not used")]
    [InlineData("text: a\n      text: b", "stands here a second time")]
    [InlineData("text: [", "not YAML")]
    [InlineData("text: \"\\U00110000\"", "not YAML")]
    public void Mistake_is_refused_with_advice(string field, string expected)
    {
        var faults = Faults($"source: a/b\ncontributes:\n  - entity: thing\n    key: $.id\n    fields:\n      {field}\n");
        Assert.Contains(faults, f => f.Message.Contains(expected, StringComparison.Ordinal));
        Assert.All(faults, f => Assert.True(f is { Line: > 0, Column: > 0 }, f.ToString()));
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("# only a comment\n", "empty")]
    [InlineData("---\n...\n", "expected a map")]
    [InlineData("just text", "expected a map")]
    [InlineData("[1, 2]", "expected a map")]
    [InlineData("source: a/b\ncontributes: []\n---\nsource: c/d\n", "a second document")]
    [InlineData("source: a/b\n", "needs 'contributes:'")]
    [InlineData("source: a/b\ncontributes: {}\n", "expected a list")]
    [InlineData("source: a/b\ncontributes:\n  - x\n", "expected a map")]
    [InlineData("a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n", "anchors and aliases")]
    [InlineData("? [a]\n: b\n", "a key must be a plain word")]
    [InlineData("source: a/b\n\tcontributes: x\n", "not YAML")]
    [InlineData("a:\n\tb: c\n", "not YAML")]
    [InlineData("\0", "")]
    [InlineData("%YAML 9.9\n---\n", "")]
    public void Unusable_file_is_refused(string text, string expected) =>
        Assert.Contains(Faults(text), f => f.Message.Contains(expected, StringComparison.Ordinal));

    [Fact]
    public void Deep_nesting_is_refused()
    {
        Assert.Contains(Faults(new string('[', 100_000)), f => f.Message.Contains("nested deeper", StringComparison.Ordinal));
        var list = string.Concat(Enumerable.Repeat("[", 60)) + string.Concat(Enumerable.Repeat("]", 60));
        Assert.NotEmpty(Faults($"source: a/b\ncontributes: {list}"));
    }

    [Fact]
    public void Huge_file_is_refused() => Assert.Contains("characters", Assert.Single(Faults(new string('#', YamlNode.MaxLength + 1))).Message, StringComparison.Ordinal);

    [Fact]
    public void Damaged_files_give_faults_and_nothing_else()
    {
        const string Good = "source: a/b\ncontributes:\n  - entity: thing\n    key: \"$.id | trim\"\n    identity: { mobile: '$.m[*]' }\n    fields: { text: { $template: \"a {$.b | default('x')}\" }, rows: { $each: '$.r[*]', name: '@.n' } }\n";
        _ = MappingRig.Plan(Good);
        CsCheck.Check.Sample(
            CsCheck.Gen.Select(CsCheck.Gen.Int[0, Good.Length - 1], CsCheck.Gen.Int[0, 30], CsCheck.Gen.Int[0, 12], (at, cut, with) => Good[..at] + "\"'{}[]|$@:\\&\t"[with] + Good[Math.Min(Good.Length, at + cut)..]),
            text =>
            {
                try
                {
                    _ = MappingRig.Plan(text);
                }
                catch (InvalidFileException e)
                {
                    Assert.All(e.Faults, f => Assert.True(f is { Line: > 0, Column: > 0 }, f.ToString()));
                }
            },
            iter: 3000,
            threads: 1);
    }

    private static List<Diagnostic> Faults(string text) =>
        [.. Assert.Throws<InvalidFileException>(() => MappingRig.Plan(text)).Faults.OrderBy(f => f.Line).ThenBy(f => f.Column)];
}
