using System.Text;
using IntegrationHub.Commands;
using IntegrationHub.Tests.Mapping;

namespace IntegrationHub.Tests.Commands;

public sealed class MapFileTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Run_gives_contributions_in_the_order_of_the_lines_whatever_the_threads(int threads)
    {
        var lines = Enumerable.Range(0, 30_000).Select(i => $$"""{"id":"{{i}}","n":{{i}},"filler":"{{new string('x', i % 90)}}"}""");

        var (output, faults, job) = Map(string.Join('\n', lines), threads);

        Assert.Empty(faults);
        Assert.Equal(30_000, job.Records);
        Assert.Equal(Enumerable.Range(0, 30_000).Select(i => $$"""{"id":"{{i}}","integer":{{i}}}"""), output.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void Run_names_the_line_of_what_it_rejects_and_goes_on()
    {
        var (output, faults, job) = Map("{\"id\":\"a\",\"n\":1}\n\n{\"id\":\"b\",\"n\":\"x\"}\r\nnot json\n{\"id\":\"c\",\"n\":2}\n", 2);

        Assert.Equal(["""{"id":"a","integer":1}""", """{"id":"c","integer":2}"""], output.TrimEnd('\n').Split('\n'));
        Assert.StartsWith("line 3: rejected by thing.fields.integer ($.n): ", faults[0], StringComparison.Ordinal);
        Assert.StartsWith("line 4: rejected by read ($): not usable as JSON", faults[1], StringComparison.Ordinal);
        Assert.Equal((4, 2, 2), (job.Records, job.Contributions, job.Rejected));
    }

    [Fact]
    public void Line_longer_than_a_block_is_mapped_and_one_beyond_the_limit_passed_over()
    {
        var (output, faults, job) = Map($$"""
            {"id":"a","n":1,"filler":"{{new string('x', 3_000_000)}}"}
            {"id":"b","n":2,"filler":"{{new string('x', 20_000_000)}}"}
            {"id":"c","n":3}
            """, 2);

        Assert.Equal(["""{"id":"a","integer":1}""", """{"id":"c","integer":3}"""], output.TrimEnd('\n').Split('\n'));
        Assert.StartsWith("line 2: longer than ", Assert.Single(faults), StringComparison.Ordinal);
        Assert.Equal(2, job.Records);
    }

    private static (string Output, List<string> Faults, MapFile Job) Map(string text, int threads)
    {
        var job = new MapFile(MappingRig.Fields("integer: $.n"), flat: true, threads);
        var output = new StringBuilder();
        var faults = new List<string>();
        foreach (var block in job.Run(new MemoryStream(Encoding.UTF8.GetBytes(text))))
        {
            output.Append(Encoding.UTF8.GetString(block.Output.Written));
            faults.AddRange(block.Faults);
        }

        return (output.ToString(), faults, job);
    }
}
