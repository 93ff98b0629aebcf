using System.Text;
using BenchmarkDotNet.Attributes;
using IntegrationHub.Connections;
using IntegrationHub.Model;

namespace IntegrationHub.Bench.Micro;

/// <summary>Golden values of a customer from one and from three contributions, and one more added to what is there.</summary>
[MemoryDiagnoser]
public class FoldBenchmarks
{
    private static readonly EntityType Customer = MappingFolder.Open(AppContext.BaseDirectory).Model().Find("customer")!;

    private readonly GoldenFold _fold = new();
    private readonly FoldInput[] _three = [Input(1, "crm"), Input(2, "erp"), Input(3, "ocds")];
    private readonly FoldInput[] _one = [Input(1, "crm")];
    private readonly FoldInput[] _added = [Input(4, "ocds")];
    private readonly Golden _golden;

    public FoldBenchmarks() => _golden = _fold.Fold(Customer, _three);

    [Benchmark(Baseline = true)]
    public Golden FoldOne() => _fold.Fold(Customer, _one);

    [Benchmark]
    public Golden FoldThree() => _fold.Fold(Customer, _three);

    [Benchmark]
    public Golden AddOne() => _fold.Add(Customer, _golden, _added, static connection => $"c{connection}");

    private static FoldInput Input(int id, string connector) => new(id, id, connector, 1_700_000_000_000 + id, Encoding.UTF8.GetBytes($$$"""
        {"entity":"customer","key":"k{{{id}}}","fields":{"name":"示例科技（上海）有限公司{{{id}}}","country":"CN","email":"sales{{{id}}}@example.com","phone":"+862161058888","website":"https://www.example.com/{{{id}}}","size":"small","roles":["buyer","supplier"]}}
        """));
}
