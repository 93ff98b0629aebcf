using System.Diagnostics;
using System.Text.Json;
using CloudNative.CloudEvents.SystemTextJson;
using IntegrationHub.Delivery;
using IntegrationHub.Delivery.Amqp;

namespace IntegrationHub.Tests.Delivery.Amqp;

/// <summary>Apache Qpid Proton, another implementation of AMQP 1.0 in another language, receives what the sink sends.</summary>
public sealed class ProtonTests
{
    private const string Python = "/usr/bin/python3";

    [Theory]
    [InlineData(AmqpMode.Binary)]
    [InlineData(AmqpMode.Structured)]
    public async Task Another_implementation_reads_every_event_as_it_was_sent(AmqpMode mode)
    {
        if (!Runs("-c", "import proton"))
            Requirement.Missing("python3-qpid-proton is not installed");
        var sent = Enumerable.Range(1, 100).Select(i => AmqpRig.Event($"customer-{i % 7}", i)).ToList();
        var port = LoopbackPort.Free();
        using var receiver = Start(Path.Combine(AppContext.BaseDirectory, "Delivery", "Amqp", "proton_receiver.py"), $"{port}");
        try
        {
            Assert.Equal("listening", await receiver.StandardOutput.ReadLineAsync(AmqpRig.Cancel));
            // Read meanwhile: a pipe holds less than all of it.
            var lines = Task.Run(
                async () =>
                {
                    var read = new List<string>();
                    while (read.Count < sent.Count)
                        read.Add((await receiver.StandardOutput.ReadLineAsync(AmqpRig.Cancel))!);
                    return read;
                },
                AmqpRig.Cancel);
            var sink = await AmqpRig.OpenAsync(AmqpRig.Read($"{{ url: amqp://127.0.0.1:{port}, address: crm, mode: {(mode == AmqpMode.Binary ? "binary" : "structured")} }}"));
            await using (sink)
                Assert.All(await Task.WhenAll(sent.Select(sink.SendAsync)), r => Assert.Equal(SendResult.Delivered, r));
            foreach (var (one, text) in sent.Zip(await lines))
            {
                using var line = JsonDocument.Parse(text);
                string Text(string name) => line.RootElement.GetProperty(name).GetString()!;
                Assert.Equal(("crm", one.Id, one.Subject, one.Type), (Text("target"), Text("id"), Text("group"), Text("subject")));
                // Body is the data section (Proton calls that inferred), and the message survives a restart of the broker.
                Assert.True(line.RootElement.GetProperty("durable").GetBoolean() && line.RootElement.GetProperty("inferred").GetBoolean());
                var body = Text("body");
                if (mode == AmqpMode.Binary)
                {
                    Assert.True(one.Data.Span.SequenceEqual(System.Text.Encoding.UTF8.GetBytes(body)));
                    AmqpMessageTests.Same(one, AmqpMessageTests.Read(line.RootElement.GetProperty("properties").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString()!), Text("contentType")));
                }
                else
                {
                    AmqpMessageTests.Same(one, new JsonEventFormatter().DecodeStructuredModeMessage(System.Text.Encoding.UTF8.GetBytes(body), new(Text("contentType")), null));
                }
            }
        }
        finally
        {
            receiver.Kill(entireProcessTree: true);
        }
    }

    private static bool Runs(params string[] arguments)
    {
        if (!File.Exists(Python))
            return false;
        using var process = Start(arguments);
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo(Python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
}
