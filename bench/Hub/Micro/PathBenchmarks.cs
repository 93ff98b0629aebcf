using System.Text;
using BenchmarkDotNet.Attributes;
using IntegrationHub.Bench.Data;
using IntegrationHub.Json;
using IntegrationHub.Mapping.JsonPath;

namespace IntegrationHub.Bench.Micro;

/// <summary>Paths over a parsed record, against two lookups of a member by hand.</summary>
[MemoryDiagnoser]
public class PathBenchmarks
{
    private readonly JsonPathQuery _singular = JsonPathQuery.Parse("$.external_contact.avatar");
    private readonly JsonPathQuery _wildcard = JsonPathQuery.Parse("$.follow_user[*].userid");
    private readonly JsonPathQuery _filter = JsonPathQuery.Parse("$.external_contact.external_profile.external_attr[?@.name == '注册资本'].text.value");
    private readonly JsonTape _tape = new();
    private readonly NodeList _nodes = new();

    public PathBenchmarks() => _tape.Parse(Encoding.UTF8.GetBytes(WeComRecords.At(1)));

    [Benchmark(Baseline = true)]
    public int FindTwice() => _tape.Find(_tape.Find(0, "external_contact"u8), "avatar"u8);

    [Benchmark]
    public int Singular() => _singular.SelectSingle(_tape, 0, 0);

    [Benchmark]
    public int Wildcard() => Select(_wildcard);

    [Benchmark]
    public int Filter() => Select(_filter);

    private int Select(JsonPathQuery query)
    {
        _nodes.Clear();
        query.Select(_tape, 0, 0, _nodes);
        return _nodes.Count;
    }
}
