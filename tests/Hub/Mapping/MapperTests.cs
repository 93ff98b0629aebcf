using System.Text;
using CsCheck;
using IntegrationHub.Mapping;
using IntegrationHub.Tests.Json;
using static IntegrationHub.Tests.Mapping.MappingRig;

namespace IntegrationHub.Tests.Mapping;

public sealed class MapperTests
{
    [Theory]
    // Texts, absence and null.
    [InlineData("text: $.a", """{"id":1,"a":"张三 😀"}""", """{"text":"张三 😀"}""")]
    [InlineData("text: $.a", """{"id":1}""", "{}")]
    [InlineData("text: $.a", """{"id":1,"a":null}""", """{"text":null}""")]
    [InlineData("text: $.a", """{"id":1,"a":"\u0041\/\u4e2d\n\u0000\ud83d\ude00"}""", """{"text":"A/中\n\u0000😀"}""")]
    [InlineData("text: fixed", """{"id":1}""", """{"text":"fixed"}""")]
    [InlineData("text: { $literal: $.a }", """{"id":1}""", """{"text":"$.a"}""")]
    [InlineData("text: ~", """{"id":1}""", """{"text":null}""")]
    // Numbers keep their text.
    [InlineData("number: $.a", """{"id":1,"a":1.10}""", """{"number":1.10}""")]
    [InlineData("number: $.a", """{"id":1,"a":1e400}""", """{"number":1e400}""")]
    [InlineData("integer: $.a", """{"id":1,"a":123456789012345678901234567890}""", """{"integer":123456789012345678901234567890}""")]
    [InlineData("number: 1.50", """{"id":1}""", """{"number":1.50}""")]
    // Lists.
    [InlineData("texts: $.a[*]", """{"id":1,"a":["x",null,"y"]}""", """{"texts":["x","y"]}""")]
    [InlineData("texts: $.a", """{"id":1,"a":["x","y"]}""", """{"texts":["x","y"]}""")]
    [InlineData("texts: $.a", """{"id":1,"a":"x"}""", """{"texts":["x"]}""")]
    [InlineData("texts: $.a[*]", """{"id":1,"a":[]}""", "{}")]
    [InlineData("texts: [$.a, fixed, '$.b[*]']", """{"id":1,"a":"x","b":["y","z"]}""", """{"texts":["x","fixed","y","z"]}""")]
    // Operators.
    [InlineData("text: { $first: [$.a, $.b, none] }", """{"id":1,"a":null,"b":"y"}""", """{"text":"y"}""")]
    [InlineData("text: { $first: [$.a, $.b, none] }", """{"id":1}""", """{"text":"none"}""")]
    [InlineData("text: { $template: \"{{{$.a}}} / {$.n}\" }", """{"id":1,"a":"x","n":1.0}""", """{"text":"{x} / 1.0"}""")]
    [InlineData("text: { $template: \"{$.a} / {$.n}\" }", """{"id":1,"a":"x"}""", "{}")]
    [InlineData("text: { $when: $.a == 1, $then: one, $else: other }", """{"id":1,"a":1}""", """{"text":"one"}""")]
    [InlineData("text: { $then: one, $when: $.a == 1 }", """{"id":1,"a":2}""", "{}")]
    [InlineData("texts: { $each: '$.a[*]', $if: '@.ok == true', $value: '@.n' }", """{"id":1,"a":[{"ok":true,"n":"x"},{"n":"y"},{"ok":true}]}""", """{"texts":["x"]}""")]
    [InlineData("rows: { $each: '$.a[*]', name: '@.n', count: '@.c' }", """{"id":1,"a":[{"n":"x","c":1},{},{"c":2}]}""", """{"rows":[{"name":"x","count":1},{"count":2}]}""")]
    [InlineData("rows: { $each: '$.a[*]', name: $.top }", """{"id":1,"top":"t","a":[1,2]}""", """{"rows":[{"name":"t"},{"name":"t"}]}""")]
    [InlineData("any: { $each: '$.a[*]', $value: { $each: '@[*]', $value: '@' } }", """{"id":1,"a":[[1,2],[3]]}""", """{"any":[[1,2],[3]]}""")]
    // Objects, money, JSON.
    [InlineData("address: { city: $.c, lines: '$.l[*]' }", """{"id":1,"c":"北京"}""", """{"address":{"city":"北京"}}""")]
    [InlineData("address: { city: $.c, lines: '$.l[*]' }", """{"id":1}""", "{}")]
    [InlineData("money: { amount: $.a, currency: $.c }", """{"id":1,"a":1.10,"c":"CNY"}""", """{"money":{"amount":1.10,"currency":"CNY"}}""")]
    [InlineData("money: { currency: $.c, amount: $.a }", """{"id":1,"a":1,"c":"CNY"}""", """{"money":{"amount":1,"currency":"CNY"}}""")]
    [InlineData("money: { amount: $.a, currency: $.c }", """{"id":1}""", "{}")]
    [InlineData("any: $.a", """{"id":1,"a":{"x":[1.0,null,"\u0041",{"y":{}}]}}""", """{"any":{"x":[1.0,null,"A",{"y":{}}]}}""")]
    [InlineData("any: { x: $.a, y: [$.b, 1] }", """{"id":1,"a":[1],"b":true}""", """{"any":{"x":[1],"y":[true,1]}}""")]
    [InlineData("any: '$.a[*]'", """{"id":1,"a":[1]}""", """{"any":[1]}""")]
    // Closed values, times and dates.
    [InlineData("color: $.a", """{"id":1,"a":"红"}""", """{"color":"红"}""")]
    [InlineData("time: $.a", """{"id":1,"a":"2026-01-31T08:00:00.5+08:00"}""", """{"time":"2026-01-31T08:00:00.5+08:00"}""")]
    [InlineData("date: $.a", """{"id":1,"a":"2024-02-29"}""", """{"date":"2024-02-29"}""")]
    [InlineData("flag: $.a", """{"id":1,"a":false}""", """{"flag":false}""")]
    public void Fields_are_written_as_the_model_says(string fields, string record, string expected) =>
        Assert.Equal(expected, FieldsOf(Run(Fields(fields), record)));

    [Theory]
    [InlineData("text: $.a", """{"id":1,"a":12345}""", "thing.fields.text $.a number: expected text, found number; add '| toText'")]
    [InlineData("text: $.a", """{"id":1,"a":["secret"]}""", "thing.fields.text $.a array: expected text, found array; add '| toText'")]
    [InlineData("number: $.a", """{"id":1,"a":"secret"}""", "thing.fields.number $.a text: expected number, found text; add '| number'")]
    [InlineData("number: $.a | number", """{"id":1,"a":"secret"}""", null)]
    [InlineData("integer: $.a", """{"id":1,"a":1.0}""", "thing.fields.integer $.a number: expected a whole number, found a fraction or exponent")]
    [InlineData("integer: $.a", """{"id":1,"a":1e2}""", "thing.fields.integer $.a number: expected a whole number, found a fraction or exponent")]
    [InlineData("flag: $.a", """{"id":1,"a":"true"}""", "thing.fields.flag $.a text: expected boolean, found text; add '| boolean'")]
    [InlineData("color: $.a", """{"id":1,"a":"secret"}""", "thing.fields.color $.a text: not one of the allowed values of 'color': red, green, 红")]
    [InlineData("date: $.a", """{"id":1,"a":"2025-02-29"}""", "thing.fields.date $.a text: expected a date such as 2026-01-31; add '| date'")]
    [InlineData("time: $.a", """{"id":1,"a":"2026-01-31T08:00:00"}""", "thing.fields.time $.a text: expected a time such as 2026-01-31T08:00:00+08:00 (RFC 3339 with offset); add '| time' or '| epoch'")]
    [InlineData("money: { amount: $.a, currency: $.c }", """{"id":1,"a":1}""", "thing.fields.money $.a, $.c object: 'currency' is missing")]
    [InlineData("money: { amount: $.a, currency: $.c }", """{"id":1,"a":"secret","c":"CNY"}""", null)]
    [InlineData("rows: { $each: '$.a[*]', name: '@.n' }", """{"id":1,"a":[{"n":5}]}""", null)]
    [InlineData("text: { $template: 'x{$.a}' }", """{"id":1,"a":{}}""", null)]
    [InlineData("text: $.a", """{"a":"x"}""", "thing.key $.id absent: expected a text or a number, found absent")]
    [InlineData("text: $.a", """{"id":""}""", "thing.key $.id text: expected a text or a number, found an empty text")]
    [InlineData("text: $.a", """{"id":{}}""", "thing.key $.id object: expected a text or a number, found object")]
    [InlineData("text: $.a", "{\"id\":1,", null)]
    [InlineData("text: $.a", "", null)]
    [InlineData("text: $.a", """{"id":1,"id":2}""", null)]
    public void What_does_not_fit_rejects_with_rule_path_and_kind_and_never_the_value(string fields, string record, string? expected)
    {
        var told = Run(Fields(fields), record);
        Assert.NotNull(told.Rejection);
        Assert.Empty(told.Contributions);
        Assert.DoesNotContain("secret", Tell(told), StringComparison.Ordinal);
        if (expected is not null)
            Assert.Equal(expected, Tell(told));
    }

    [Fact]
    public void Lenient_function_leaves_the_field_out_and_tells()
    {
        var record = Run(Fields("number: $.a | number?\ntext: $.b"), """{"id":1,"a":"secret","b":"x"}""");
        Assert.Equal("""{"text":"x"}""", FieldsOf(record));
        var issue = Assert.Single(record.Issues);
        Assert.Equal(("thing.fields.number", "$.a"), (issue.Rule, issue.Path));
        Assert.DoesNotContain("secret", issue.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Call_that_several_rules_make_gives_each_what_it_gives_one_and_each_tells_its_issue()
    {
        var plan = Fields("number: $.a | number?\ntext: $.a | number? | toText\nany: $.a | number? | toText | padLeft(3)");
        Assert.Equal("""{"number":7,"text":"7","any":"007"}""", FieldsOf(Run(plan, """{"id":1,"a":"7"}""")));
        Assert.Equal(["thing.fields.number", "thing.fields.text", "thing.fields.any"], Run(plan, """{"id":1,"a":"secret"}""").Issues.Select(i => i.Rule));
        Assert.Equal("""{"number":8,"text":"8","any":"008"}""", FieldsOf(Run(plan, """{"id":1,"a":"8"}""")));
    }

    [Fact]
    public void Lenient_function_in_a_list_leaves_out_the_element() =>
        Assert.Equal("""{"any":[1,3]}""", FieldsOf(Run(Fields("any: $.a[*] | number?"), """{"id":1,"a":["1","x","3"]}""")));

    [Fact]
    public void Function_that_gives_lists_gives_one_list_for_a_list() =>
        Assert.Equal("""{"texts":["a","b","c"]}""", FieldsOf(Run(Fields("texts: $.a[*] | split(',')"), """{"id":1,"a":["a,b","c"]}""")));

    [Fact]
    public void Value_that_fails_its_check_is_demoted_in_identity_and_links()
    {
        var plan = Plan("""
            source: a/b
            contributes:
              - entity: thing
                key: $.id
                identity:
                  uscc: $.codes[*] | uscc?
                  mobile: $.phone
                links:
                  parent: { identity: { uscc: "$.parent | uscc?" } }
            """);
        var record = Run(plan, """{"id":1,"codes":["91110000802100433B","91110000802100433C"],"phone":"","parent":"91110000802100433C"}""");
        Assert.Equal(
            """{"entity":"thing","key":"1","identity":{"uscc":["91110000802100433B"],"uscc?":["91110000802100433C"]},"fields":{},"links":{"parent":[{"identity":{"uscc?":["91110000802100433C"]}}]}}""",
            Tell(record));
        Assert.Equal([false, true], record.Keys.Select(k => k.IsDemoted));
        Assert.NotEmpty(record.Issues);
    }

    [Fact]
    public void Each_gives_a_contribution_per_element_that_passes()
    {
        var plan = Plan("""
            source: a/b
            contributes:
              - entity: thing
                each: $.items[*]
                when: "@.ok == true && $.on == true"
                key: "@.id"
                observedAt: "@.t"
                fields: { text: "@.name", texts: "$.items[*].name" }
                links:
                  parent: { key: $.id }
                  peers: { each: "@.peers[*]", when: "@ != 2", key: "@" }
              - entity: thing
                key: $.id
            """);
        var record = Run(plan, """{"id":"r","on":true,"items":[{"ok":true,"id":5,"name":"x","t":"2026-01-01T00:00:00Z","peers":[1,2,3]},{"id":6},{"ok":true,"id":7,"peers":[]}]}""");
        Assert.Equal(
            """
            {"entity":"thing","key":"5","observedAt":"2026-01-01T00:00:00Z","fields":{"text":"x","texts":["x"]},"links":{"parent":[{"key":"r"}],"peers":[{"key":"1"},{"key":"3"}]}}
            {"entity":"thing","key":"7","fields":{"texts":["x"]},"links":{"parent":[{"key":"r"}]}}
            {"entity":"thing","key":"r","fields":{}}
            """,
            Tell(record));
        Assert.Equal(1767225600000, record.Contributions[0].ObservedAt);
        Assert.Equal("5", record.Text(record.Contributions[0].Key));
        Assert.Empty(Run(plan, """{"id":"r","on":false,"items":[{"ok":true}]}""").Contributions.Skip(1));
    }

    [Fact]
    public void Limits_reject_the_record()
    {
        var many = Plan("source: a/b\ncontributes:\n  - entity: thing\n    each: $.a[*]\n    key: '@'\n    fields: { text: $.t }\n");
        var record = $$"""{"t":"{{new string('x', 1000)}}","a":[{{string.Join(',', Enumerable.Range(0, 200))}}]}""";
        Assert.Equal(200, Run(many, record).Contributions.Count);
        Assert.Contains("more than 100 contributions", Tell(Run(many, record, new() { Contributions = 100 })), StringComparison.Ordinal);
        Assert.Contains("take more than 100,000 bytes", Tell(Run(many, record, new() { OutputBytes = 100_000 })), StringComparison.Ordinal);
        Assert.Contains("visits more", Tell(Run(many, record, new() { PathWork = 100 })), StringComparison.Ordinal);
        Assert.Contains("working memory", Tell(Run(Fields("text: { $template: 'x{$.t}{$.t}' }", ""), record.Replace("\"t\"", "\"id\":1,\"t\"", StringComparison.Ordinal), new() { ScratchBytes = 1_500 })), StringComparison.Ordinal);
        var deep = "{\"id\":1,\"a\":" + new string('[', 300) + new string(']', 300) + "}";
        Assert.StartsWith("read $", Tell(Run(Fields("any: $.a"), deep)), StringComparison.Ordinal);
        Assert.Null(Run(Fields("any: $.a"), deep.Replace(new string('[', 300), new string('[', 200), StringComparison.Ordinal).Replace(new string(']', 300), new string(']', 200), StringComparison.Ordinal)).Rejection);
    }

    [Fact]
    public void Record_is_mapped_the_same_whether_paths_are_noted_or_searched_for()
    {
        var plan = Plan("""
            source: a/b
            contributes:
              - entity: thing
                key: $.name | toText | default('k')
                fields:
                  any: { whole: $.a, one: "$.list[0].name", two: "$['12345678A12345678']", last: "$.list[-1].a", some: "$.list[?@.a == 1].b", deep: $..name, both: "$['a','b']" }
                  texts: $.list[*].c | compact
                  rows: { $each: '$.list[*]', $if: '@.name', count: $.a.b | count }
                  integer: "$.a[?@.name == 'x'].list[*] | count"
              - entity: thing
                each: $.list[*]
                when: '@.a == 1'
                key: '@.a'
                fields: { any: "$.list[*].list[*].a" }
            """);
        // Below the default everything is searched for; this is far more than these documents need.
        var searching = new Mapper(plan, new() { PathWork = MappingLimits.Default.PathWork - 1 });
        var noting = new Mapper(plan);
        var mapped = 0;
        HostileJson.Damaged.Sample(
            record =>
            {
                var expected = Tell(searching.Map(record));
                var found = noting.Map(record);
                Assert.Equal(expected, Tell(found));
                mapped += found.Contributions.Count;
            },
            iter: 10_000,
            threads: 1);
        Assert.InRange(mapped, 100, int.MaxValue);
    }

    [Fact]
    public void Large_record_is_mapped_as_a_small_one()
    {
        var plan = Fields("texts: $.list[?@.a == 1].name\ntext: $.list[1].name\nany: $.b.c");
        string Record(int more) => $$$"""{"id":1,"b":{"c":[1]},"list":[{"a":1,"name":"x"},{"a":2,"name":"y"},{"a":1,"name":"z"}],"more":"{{{new string('m', more)}}}"}""";

        Assert.Equal(Tell(Run(plan, Record(1))), Tell(Run(plan, Record(100_000))));
        Assert.Equal("""{"texts":["x","z"],"text":"y","any":[1]}""", FieldsOf(Run(plan, Record(100_000))));
    }

    [Fact]
    public void Expensive_condition_of_each_rejects()
    {
        var plan = Fields("texts: { $each: '$.a[*]', $if: 'count($..*) > 1', $value: '@' }");
        Assert.Contains("visits more", Tell(Run(plan, """{"id":1,"a":["1","2","3","4","5","6","7","8","9"]}""", new() { PathWork = 12 })), StringComparison.Ordinal);
    }

    [Fact]
    public void Rejected_record_leaves_no_trace_in_the_next()
    {
        var plan = Plan("""
            source: a/b
            contributes:
              - { entity: thing, each: "$.items[*]", key: "@.id", identity: { mobile: "@.m[*]" }, fields: { number: "@.n | number", text: "@.t" } }
            """);
        var mapper = new Mapper(plan, new() { OutputBytes = 2000 });
        byte[][] records =
        [
            """{"items":[{"id":1,"m":["1","2"],"n":"5","t":"a"}]}"""u8.ToArray(),
            """{"items":[{"id":1,"m":["1"]},{"id":2,"n":"bad"}]}"""u8.ToArray(),
            Encoding.UTF8.GetBytes($$"""{"items":[{"id":1,"t":"{{new string('x', 5000)}}"}]}"""),
            "nonsense"u8.ToArray(),
            """{"items":[{"id":1,"m":[{}]}]}"""u8.ToArray(),
        ];
        foreach (var record in records)
        {
            var told = Tell(mapper.Map(record));
            Assert.Equal(told, Tell(new Mapper(plan, new() { OutputBytes = 2000 }).Map(record)));
            var good = mapper.Map(records[0]);
            Assert.Equal(Tell(new Mapper(plan).Map(records[0])), Tell(good));
            Assert.Equal(["1", "2"], good.Keys.Select(k => good.Text(k.Value)));
            Assert.Empty(good.Issues);
        }
    }

    [Fact]
    public async Task Two_mappers_share_a_plan()
    {
        var plan = Fields("text: $.a | trim\nnumber: $.n\nrows: { $each: '$.r[*]', name: '@.n' }");
        var told = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            var mapper = new Mapper(plan);
            return string.Join('\n', Enumerable.Range(0, 3000).Select(i => Tell(mapper.Map(Encoding.UTF8.GetBytes($$"""{"id":{{i}},"a":" x{{i}} ","n":{{i}}.0,"r":[{"n":"r{{i}}"}]}""")))));
        })));
        Assert.Equal(told[0], told[1]);
    }

    [Fact]
    public void Warm_mapper_allocates_nothing_per_record()
    {
        var plan = Plan("""
            source: a/b
            contributes:
              - entity: thing
                when: $.id > 0
                key: $.id
                observedAt: $.t
                identity: { mobile: "$.m[*]" }
                fields: { text: "$.a | trim", texts: "$.m[*]", number: $.n, money: { amount: $.n, currency: CNY }, rows: { $each: "$.r[*]", name: "@.n" } }
                links: { parent: { key: $.p }, peers: { identity: { mobile: "$.m[*]" } } }
            """);
        var mapper = new Mapper(plan);
        var record = """{"id":1,"t":"2026-01-01T00:00:00Z","a":" x\u0041 ","m":["1","2"],"n":1.5,"p":"q","r":[{"n":"1"},{"n":"2"}]}"""u8.ToArray();
        Assert.Null(mapper.Map(record).Rejection);
        // The runtime itself allocates on this thread while it replaces code; some round is free of that.
        var least = long.MaxValue;
        for (var round = 0; round < 20 && least > 0; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 200; i++)
                mapper.Map(record);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.True(least == 0, $"{least} bytes for 200 records");
    }
}
