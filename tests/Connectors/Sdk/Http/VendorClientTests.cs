using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text.Json;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Connectors.Tests.Sdk.Http;

public sealed class VendorClientTests
{
    private const int Most = 300_000;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(131_072)]
    [InlineData(Most)]
    public async Task An_answer_comes_whole_whether_its_length_was_told_or_not(int length)
    {
        var body = new byte[length];
        new Random(length).NextBytes(body);
        foreach (var isTold in new[] { true, false })
        {
            using var client = Client(body, isTold);
            var answer = await client.SendAsync(VendorRequest.Get("list"), TestContext.Current.CancellationToken);
            // The memory it was read through is used again; what was handed out stays.
            await client.SendAsync(VendorRequest.Get("other"), TestContext.Current.CancellationToken);
            Assert.True(answer.Body.Span.SequenceEqual(body));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_that_is_too_large_is_refused(bool isTold)
    {
        using var client = Client(new byte[Most + 1], isTold);
        var refusal = await Assert.ThrowsAsync<ConnectorException>(() => client.SendAsync(VendorRequest.Get("list"), TestContext.Current.CancellationToken));
        Assert.Equal((ConnectorErrorKind.Permanent, "list: the answer is larger than 300,000 bytes; ask for smaller pages"), (refusal.Kind, refusal.Message));
    }

    private static VendorClient Client(byte[] body, bool isTold) => new(
        new()
        {
            Name = "test",
            Settings = JsonSerializer.SerializeToElement(new { }),
            CreateHttpClient = () => new HttpClient(new Answers(body, isTold)),
            ContentRoot = Path.GetTempPath(),
            Time = TimeProvider.System,
            Log = NullLogger.Instance,
        },
        new() { BaseAddress = new("http://vendor.example/"), MaxAnswerBytes = Most });

    /// <summary>Answers with the bytes, in parts of uneven size where their number is not told; other paths with as many zeros.</summary>
    private sealed class Answers(byte[] body, bool isTold) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var bytes = request.RequestUri!.AbsolutePath == "/list" ? body : new byte[body.Length];
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = isTold ? new ByteArrayContent(bytes) : new StreamContent(InParts(bytes)) });
        }

        private static Stream InParts(byte[] bytes)
        {
            var pipe = new Pipe(new(pauseWriterThreshold: 0));
            for (var at = 0; at < bytes.Length; at += 7_001)
                pipe.Writer.Write(bytes.AsSpan(at, Math.Min(7_001, bytes.Length - at)));
            pipe.Writer.Complete();
            return pipe.Reader.AsStream();
        }
    }
}
