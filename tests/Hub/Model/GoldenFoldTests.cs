using System.Text;
using CsCheck;
using IntegrationHub.Model;

namespace IntegrationHub.Tests.Model;

public sealed class GoldenFoldTests
{
    private static readonly EntityType Thing = ModelFiles.Compile([("thing.yaml", """
        entity: thing
        fields:
          latest: { type: text, class: business }
          earliest: { type: text, class: business, survivorship: earliest }
          longest: { type: text, class: business, survivorship: longest }
          max: { type: number, class: business, survivorship: max }
          min: { type: number, class: business, survivorship: min }
          maxMoney: { type: money, class: financial, survivorship: max }
          maxTime: { type: time, class: business, survivorship: max }
          minDate: { type: date, class: business, survivorship: min }
          collected: { type: text, many: true, class: business, survivorship: collect }
          list: { type: text, many: true, class: business }
          preferred: { type: text, class: business, prefer: [erp, crm] }
          any: { type: json, class: business }
        links:
          one: { entity: thing }
          some: { entity: thing, many: true }
        """)]).Find("thing")!;

    private static readonly string[] Connectors = ["erp", "crm", "web"];

    [Theory]
    // field; contributions as connector@time=value; winner
    [InlineData("latest", "web@1=\"a\" web@3=\"b\" web@2=\"c\"", "\"b\"")]
    [InlineData("latest", "web@0=\"a\" web@1=\"b\"", "\"b\"")]
    [InlineData("latest", "web@1=\"a\" web@2=null", "\"a\"")]
    [InlineData("latest", "web@1=null web@2=null", "null")]
    [InlineData("latest", "web@1=\"a\" web@1=\"b\"", "\"b\"")]
    [InlineData("earliest", "web@2=\"a\" web@1=\"b\"", "\"b\"")]
    [InlineData("earliest", "web@0=\"a\" web@5=\"b\"", "\"b\"")]
    [InlineData("earliest", "web@1=null web@5=\"b\"", "\"b\"")]
    [InlineData("earliest", "web@1=\"a\" web@1=\"b\"", "\"b\"")]
    [InlineData("longest", "web@9=\"ab\" web@1=\"abc\"", "\"abc\"")]
    [InlineData("longest", "web@1=\"张三\" web@1=\"abcd\"", "\"abcd\"")]
    [InlineData("longest", "web@1=\"ab\" web@2=\"cd\"", "\"cd\"")]
    [InlineData("max", "web@1=9 web@1=10", "10")]
    [InlineData("max", "web@1=-5 web@1=-10", "-5")]
    [InlineData("max", "web@2=1.10 web@1=1.1", "1.10")]
    [InlineData("max", "web@1=1e400 web@9=5", "1e400")]
    [InlineData("max", "web@1=null web@1=-1", "-1")]
    [InlineData("min", "web@1=9007199254740993 web@1=9007199254740992", "9007199254740992")]
    [InlineData("min", "web@9=null web@1=3", "3")]
    [InlineData("maxMoney", "web@1={\"amount\":9,\"currency\":\"CNY\"} web@1={\"amount\":10,\"currency\":\"CNY\"}", "{\"amount\":10,\"currency\":\"CNY\"}")]
    [InlineData("maxTime", "web@1=\"2026-01-01T08:00:00+08:00\" web@1=\"2026-01-01T01:00:00Z\"", "\"2026-01-01T01:00:00Z\"")]
    [InlineData("minDate", "web@1=\"2026-02-01\" web@1=\"2025-12-31\"", "\"2025-12-31\"")]
    [InlineData("preferred", "web@9=\"w\" crm@1=\"c\" erp@0=\"e\"", "\"e\"")]
    [InlineData("preferred", "web@9=\"w\" crm@1=\"c\"", "\"c\"")]
    [InlineData("preferred", "erp@1=\"old\" erp@2=\"new\"", "\"new\"")]
    [InlineData("list", "web@1=[\"a\",\"b\"] web@2=[\"c\"]", "[\"c\"]")]
    [InlineData("collected", "web@1=[\"b\",\"a\"] web@2=[\"c\",\"a\"] web@3=null", "[\"a\",\"b\",\"c\"]")]
    [InlineData("collected", "web@1=[]", null)]
    public void Survivor_is_decided_by_the_rule_in_any_order(string field, string contributions, string? winner)
    {
        var inputs = contributions.Split(' ').Select((c, i) =>
        {
            var parts = c.Split('@', '=');
            return Input(i + 1, Array.IndexOf(Connectors, parts[0]), long.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture), $"\"fields\":{{\"{field}\":{parts[2]}}}");
        }).ToList();
        var expected = winner is null ? "{}" : $"{{\"{field}\":{winner}}}";
        Assert.Equal(expected, Body(new GoldenFold().Fold(Thing, inputs)));
        inputs.Reverse();
        Assert.Equal(expected, Body(new GoldenFold().Fold(Thing, inputs)));
    }

    [Fact]
    public void Single_link_survives_like_a_field_and_many_are_collected()
    {
        List<FoldInput> inputs =
        [
            Input(1, 0, 1, "\"links\":{\"one\":[{\"key\":\"x\"}],\"some\":[{\"key\":\"x\"},{\"identity\":{\"a\":[\"1\"]}}]}"),
            Input(2, 1, 2, "\"links\":{\"one\":[{\"key\":\"y\"}],\"some\":[{\"key\":\"x\"}]}"),
        ];
        var golden = new GoldenFold().Fold(Thing, inputs);
        Assert.Equal(
            """{"links":{"one":[{"connection":1,"key":"y"}],"some":[{"connection":0,"key":"x"},{"connection":1,"key":"x"},{"identity":{"a":["1"]}}]}}""",
            Body(golden));
        Assert.Equal("""{"":[2,2,1]}""", Encoding.UTF8.GetString(golden.Origins));
    }

    [Fact]
    public void Nothing_known_leaves_an_empty_object() => Assert.Equal("{}", Body(new GoldenFold().Fold(Thing, [Input(1, 0, 0, "\"fields\":{}")])));

    [Fact]
    public void Names_the_model_no_longer_has_are_passed_over() =>
        Assert.Equal("{\"latest\":1}", Body(new GoldenFold().Fold(Thing, [Input(1, 0, 0, "\"fields\":{\"gone\":1,\"latest\":1,\"lates\":2},\"links\":{\"gone\":[{\"key\":\"1\"}]}")])));

    [Fact]
    public void Candidates_come_best_first() =>
        Assert.Equal(
            ["\"b\"", "\"a\"", "null"],
            new GoldenFold().Candidates(Thing, Thing.Field("latest")!, [Input(1, 0, 1, "\"fields\":{\"latest\":\"a\"}"), Input(2, 0, 5, "\"fields\":{\"latest\":null}"), Input(3, 0, 2, "\"fields\":{\"latest\":\"b\"}")])
                .Select(c => c.Value));

    [Fact]
    public void Adding_in_any_parts_gives_what_folding_all_gives() =>
        Gen.Select(Contributions.Array[1, 12], Gen.Int[1, 5], Gen.Int[0, 1_000_000]).Sample(
            (bodies, size, seed) =>
            {
                var inputs = bodies.Select((b, i) => Input(i + 1, b.Connection, b.Time, b.Body)).ToArray();
                var fold = new GoldenFold();
                var all = fold.Fold(Thing, inputs);
                new Random(seed).Shuffle(inputs);
                var golden = fold.Fold(Thing, []);
                foreach (var chunk in inputs.Chunk(size))
                    golden = fold.Add(Thing, golden, chunk, c => Connectors[c]);
                Assert.Equal(Body(all), Body(golden));
                Assert.Equal(Encoding.UTF8.GetString(all.Origins), Encoding.UTF8.GetString(golden.Origins));
            },
            iter: 400,
            threads: 1);

    [Fact]
    public void Contribution_that_golden_does_not_depend_on_can_go() =>
        Gen.Select(Contributions.Array[2, 8], Gen.Int[0, 7]).Sample(
            (bodies, gone) =>
            {
                var type = new EntityType { Name = "thing", Plural = "things", Description = "", Label = null, Identity = [], Fields = [.. Thing.Fields.Where(f => f.Survivorship != Survivorship.Collect)], Links = [Thing.Links[0]] };
                var inputs = bodies.Select((b, i) => Input(i + 1, b.Connection, b.Time, b.Body)).ToList();
                var fold = new GoldenFold();
                var golden = fold.Fold(type, inputs);
                var removed = inputs[gone % inputs.Count];
                inputs.Remove(removed);
                if (!fold.DependsOn(type, golden, [removed.Id]))
                    Assert.Equal(Body(golden), Body(fold.Fold(type, inputs)));
            },
            iter: 300,
            threads: 1);

    private static readonly Gen<string?> FieldTexts = Gen.OneOf(
        Value("latest", "\"a\"", "\"b\\n\"", "null", "\"张\""),
        Value("earliest", "\"a\"", "\"b\"", "null"),
        Value("longest", "\"a\"", "\"bb\"", "\"ccc\""),
        Value("max", "1", "1.0", "-3", "1e400", "null"),
        Value("min", "1", "1.0", "-3", "1e-400", "null"),
        Value("maxTime", "\"2026-01-01T08:00:00+08:00\"", "\"2026-01-01T00:00:00Z\"", "\"2026-01-01T00:00:00.5Z\""),
        Value("maxMoney", "{\"amount\":1,\"currency\":\"CNY\"}", "{\"amount\":1.0,\"currency\":\"EUR\"}"),
        Value("collected", "[]", "[\"a\"]", "[\"b\",\"a\"]", "null"),
        Value("list", "[]", "[\"a\"]", "[\"b\",\"a\"]"),
        Value("preferred", "\"a\"", "\"b\""),
        Value("any", "{\"x\":[1,null]}", "[]", "1"));

    private static readonly Gen<(int Connection, long Time, string Body)> Contributions = Gen.Select(
        Gen.Int[0, 2], Gen.Long[0, 2], FieldTexts.Array[0, 6], Gen.Int[0, 3], Gen.Int[0, 3],
        (connection, time, fields, one, some) => (connection, time, $"\"fields\":{{{string.Join(',', fields.DistinctBy(f => f![..4]))}}}"
            + (one + some == 0 ? "" : $",\"links\":{{\"one\":[{string.Join(',', Targets(one))}],\"some\":[{string.Join(',', Targets(some))}]}}")));

    private static IEnumerable<string> Targets(int count) => Enumerable.Range(0, count).Select(i => i == 1 ? "{\"identity\":{\"a\":[\"1\"]}}" : $"{{\"key\":\"{i}\"}}");

    private static Gen<string?> Value(string name, params string[] values) => Gen.Int[0, values.Length - 1].Select(i => (string?)$"\"{name}\":{values[i]}");

    private static FoldInput Input(long id, int connection, long time, string members) =>
        new(id, connection, Connectors[connection], time, Encoding.UTF8.GetBytes($"{{\"entity\":\"thing\",\"key\":\"k\",{members}}}"));

    private static string Body(Golden golden) => Encoding.UTF8.GetString(golden.Body);
}
