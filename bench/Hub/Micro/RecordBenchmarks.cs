using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using IntegrationHub.Bench.Data;
using IntegrationHub.Bench.Ideal;
using IntegrationHub.Connections;
using IntegrationHub.Json;
using IntegrationHub.Mapping;
using IntegrationHub.Mapping.Functions;

namespace IntegrationHub.Bench.Micro;

/// <summary>What one record of 1.2 KB costs, step by step, against a bare walk over its tokens.</summary>
[MemoryDiagnoser]
public class RecordBenchmarks
{
    private readonly byte[] _record = Encoding.UTF8.GetBytes(WeComRecords.At(1));
    private readonly JsonTape _tape = new();
    private readonly IdealContact _ideal = new();
    private readonly Utf8Output _output = new();
    private readonly Mapper _mapper = new(Plan());

    [Benchmark(Baseline = true)]
    public int ReaderWalk() => ParseOnly.Walk(_record);

    [Benchmark]
    public bool TapeParse() => _tape.Parse(_record).IsOk;

    [Benchmark]
    public void DocumentParse() => JsonDocument.Parse(_record).Dispose();

    [Benchmark]
    public void HandWrittenMap()
    {
        _output.Clear();
        _ideal.Map(_record, _output);
    }

    [Benchmark]
    public int Map() => _mapper.Map(_record).Contributions.Count;

    [Benchmark]
    public byte[] Sha256() => SHA256.HashData(_record);

    /// <summary>The mapping that all measurements of mapping use.</summary>
    internal static MappingPlan Plan()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "map");
        var file = Path.Combine(folder, "wecom.yaml");
        return MappingCompiler.Compile(file, File.ReadAllText(file), MappingFolder.Open(folder).Model(), FunctionLibrary.For(FunctionContext.ForTrying));
    }
}
