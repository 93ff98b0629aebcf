using System.Text;
using System.Text.Json;
using IntegrationHub.Connectors.Tests.Ocds;
using IntegrationHub.Sdk.Reading;

namespace IntegrationHub.Connectors.Tests.Sdk.Reading;

public class JsonPartReaderTests
{
    private const string Package = """
        {"发布者" : {"name":"财政部 \"]}"}, "releases":[ {"a":"[{\\"} , [1,[2]],"x",12.50 ,null], "version":1.1,
         "uri":"http://例え.jp/\\", "records":[]}
        """;

    [Fact]
    public async Task Any_chunk_size_gives_the_same_parts_byte_for_byte()
    {
        var bytes = Encoding.UTF8.GetBytes(Package);
        for (var size = 1; size <= bytes.Length; size++)
            Assert.Equal(
                [
                    "发布者/-1={\"name\":\"财政部 \\\"]}\"}", "releases/0={\"a\":\"[{\\\\\"}", "releases/1=[1,[2]]", "releases/2=\"x\"", "releases/3=12.50",
                    "releases/4=null", "releases/-1=", "version/-1=1.1", "uri/-1=\"http://例え.jp/\\\\\"", "records/-1=",
                ],
                (await Read(new ChunkStream(bytes, size))).Select(p => $"{p.Name}/{p.Index}={p.Bytes.Text()}"));
    }

    [Fact]
    public async Task Offsets_point_at_the_values()
    {
        var bytes = Encoding.UTF8.GetBytes(Package);
        foreach (var part in await Read(new MemoryStream(bytes)))
            if (!part.IsTooLong)
                Assert.Equal(part.Bytes.ToArray(), bytes[(int)part.Offset..(int)(part.Offset + part.Length)]);
    }

    [Fact]
    public async Task Document_that_is_an_array_gives_its_elements() =>
        Assert.Equal(["1", "{}", ""], (await Read(new MemoryStream("\uFEFF[1,{}] "u8.ToArray()))).Select(p => p.Bytes.Text()));

    [Fact]
    public async Task Long_element_is_read_past_and_the_next_one_is_whole()
    {
        var json = $$"""{"releases":[{"x":"{{new string('a', 100_000)}}"},{"y":1}]}""";
        var parts = await Read(new MemoryStream(Encoding.UTF8.GetBytes(json)), maxElement: 1000);
        Assert.Equal([true, false, true], parts.Select(p => p.IsTooLong));
        Assert.Equal(100_008, parts[0].Length);
        Assert.Equal("{\"y\":1}", parts[1].Bytes.Text());
    }

    [Fact]
    public async Task Nesting_of_a_hundred_thousand_levels_is_harmless()
    {
        var json = "{\"releases\":[" + new string('[', 100_000) + new string(']', 100_000) + "]}";
        var parts = await Read(new MemoryStream(Encoding.UTF8.GetBytes(json)));
        Assert.Equal(200_000, parts[0].Length);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("<html>", "found '<'")]
    [InlineData("{\"releases\":[{}", "ends early")]
    [InlineData("{\"releases\":[{},]}", "value is missing at byte 16")]
    [InlineData("{\"a\":1,}", "not expected")]
    [InlineData("{\"a\" 1}", "not expected")]
    [InlineData("{} {}", "more text after the end")]
    [InlineData("{\"a\":\"", "ends early")]
    public async Task Broken_frame_is_refused_with_its_place(string json, string message)
    {
        var e = await Assert.ThrowsAsync<JsonException>(() => Read(new MemoryStream(Encoding.UTF8.GetBytes(json))));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    private static async Task<List<JsonPart>> Read(Stream stream, int maxElement = 1024 * 1024)
    {
        var parts = new List<JsonPart>();
        var options = new JsonPartOptions { Arrays = ["releases", "records"], MaxElementBytes = maxElement };
        await foreach (var part in JsonPartReader.ReadAsync(stream, options, TestContext.Current.CancellationToken))
            parts.Add(part);
        return parts;
    }
}
