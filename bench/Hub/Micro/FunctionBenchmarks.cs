using BenchmarkDotNet.Attributes;
using IntegrationHub.Mapping;
using IntegrationHub.Mapping.Functions;

namespace IntegrationHub.Bench.Micro;

/// <summary>Single functions of the mapping language, against copying the text.</summary>
[MemoryDiagnoser]
public class FunctionBenchmarks
{
    private readonly Scratch _scratch = new();
    private readonly Value _code = Value.Text(Bench.Data.Uscc.At(7));
    private readonly Value _number = Value.Text("138 0013 9000");
    private readonly Value _seconds = Value.Number("1725779812"u8.ToArray(), 0, 10);
    private readonly Value _way = Value.Number("3"u8.ToArray(), 0, 1);
    private readonly FunctionBody _phone = Body("phone", new Argument(Value.Text("CN"), null));
    private readonly FunctionBody _uscc = Body("uscc");
    private readonly FunctionBody _epoch = Body("epoch");
    private readonly FunctionBody _lookup = Body("lookup", new Argument(null, [.. Enumerable.Range(1, 8).Select(i => KeyValuePair.Create($"{i}", Value.Text($"way {i}")))]));

    [Benchmark(Baseline = true)]
    public ValueKind Copy()
    {
        _scratch.Reset();
        return _scratch.Text(_number.Bytes).Kind;
    }

    [Benchmark]
    public ValueKind Phone() => Run(_phone, _number);

    [Benchmark]
    public ValueKind Uscc() => Run(_uscc, _code);

    [Benchmark]
    public ValueKind Epoch() => Run(_epoch, _seconds);

    [Benchmark]
    public ValueKind Lookup() => Run(_lookup, _way);

    private static FunctionBody Body(string name, params Argument[] arguments) => FunctionLibrary.All[name].Bind(arguments);

    private ValueKind Run(FunctionBody body, Value input)
    {
        _scratch.Reset();
        return body(input, [Value.Absent], _scratch).Kind;
    }
}
