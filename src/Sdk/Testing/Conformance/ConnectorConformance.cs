using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Sdk.Simulation;
using Xunit;

namespace IntegrationHub.Sdk.Testing.Conformance;

/// <summary>
/// What the hub relies on, as tests. A connector passes by one class that derives from this one and says how to make a <see cref="ConnectorUnderTest"/>.
/// The suite needs no network and no vendor account.
/// </summary>
public abstract partial class ConnectorConformance
{
    /// <summary>Against hangs only; nothing here takes this long.</summary>
    /// <value>Default one minute.</value>
    protected virtual TimeSpan Watchdog => TimeSpan.FromMinutes(1);

    private const int LargestCursor = 64 * 1024;

    /// <summary>The connector with a simulator of its own.</summary>
    protected abstract ConnectorUnderTest Create();

    /// <summary>Declared: a stable id, what it is, its streams, where the vendor stands, which fields are personal; secrets are marked.</summary>
    [Fact]
    public void Manifest_says_what_the_hub_must_know()
    {
        using var subject = Create();
        var manifest = subject.Connector.Manifest;
        Assert.Matches("^[a-z][a-z0-9_-]*$", manifest.Id);
        Assert.NotEmpty(manifest.Title);
        Assert.NotEmpty(manifest.Description);
        Assert.NotEmpty(manifest.Streams);
        Assert.True(subject.RunsAnywhere || manifest.Region is { Length: 2 }, "the manifest names no region of the vendor's servers");
        Assert.Equal(manifest.Streams.Count, manifest.Streams.Select(s => s.Name).Distinct().Count());
        Assert.All(manifest.Streams, stream =>
        {
            Assert.Matches("^[a-z][a-z0-9_]*$", stream.Name);
            Assert.NotEmpty(stream.Description);
            Assert.True(stream.PersonalData.Count > 0 || subject.WithoutPersonalData.Contains(stream.Name), $"stream '{stream.Name}' declares no personal data, and the test does not say that it has none");
            Assert.All(stream.PersonalData, path => Assert.StartsWith("$", path, StringComparison.Ordinal));
        });
        Assert.All(manifest.Actions, action => Assert.NotEmpty(action.Description));
        Assert.True(manifest.Options is null or { IsSealed: true }, "the options class is not sealed");
        Assert.All(subject.Settings(), given => Assert.Contains(given.Key, manifest.Settings.Select(s => s.Name)));
        foreach (var setting in manifest.Settings)
            if (subject.Settings()[setting.Name] is JsonValue value && value.TryGetValue<string>(out var text) && subject.Secrets.Contains(text))
                Assert.True(setting.Secret, $"setting '{setting.Name}' is a secret and not marked as one");
    }

    /// <summary>Capabilities that the manifest declares are there, and no others.</summary>
    [Fact]
    public async Task Connection_has_the_capabilities_of_the_manifest()
    {
        using var subject = Create();
        using var run = new ConnectorRun(subject);
        await using var connection = run.Open();
        Assert.IsAssignableFrom<IReadRecords>(connection);
        Assert.Equal(subject.Connector.Manifest.Callbacks, connection is Callbacks.IReceiveCallbacks);
        Assert.Equal(subject.Connector.Manifest.Actions.Count > 0, connection is Actions.IRunActions);
        Assert.Equal(subject.Connector.Manifest.Streams.Any(s => s.Assembled), connection is IAssembleRecords);
    }

    /// <summary>Good settings pass the check against the vendor.</summary>
    [Fact]
    public async Task Check_accepts_good_settings()
    {
        using var subject = Create();
        using var run = new ConnectorRun(subject);
        await using var connection = run.Open();
        await Assert.IsAssignableFrom<ICheckConnection>(connection).CheckAsync(Cancelled);
    }

    /// <summary>Bad settings are refused as configuration, with the word that leads to the mistake, and without secrets. Unknown settings are refused.</summary>
    [Fact]
    public async Task Bad_settings_are_refused_and_explained()
    {
        foreach (var bad in Create().Using(s => s.BadSettings).Append(new("an unknown setting", s => s["noSuchSetting"] = 1, "noSuchSetting")))
        {
            using var subject = Create();
            using var run = new ConnectorRun(subject);
            var settings = subject.Settings();
            bad.Change(settings);
            var refusal = await Assert.ThrowsAsync<ConnectorException>(async () =>
            {
                await using var connection = run.Open(settings);
                await ((ICheckConnection)connection).CheckAsync(Cancelled);
            });
            Assert.True(refusal.Kind == ConnectorErrorKind.Configuration, $"{bad.What}: refused as {refusal.Kind}: {refusal.Message}");
            Assert.Contains(bad.Word, refusal.Message, StringComparison.Ordinal);
            AssertSilent(subject, [refusal.ToString()]);
        }
    }

    /// <summary>A stream that is not in the manifest is refused.</summary>
    [Fact]
    public async Task Unknown_stream_is_refused()
    {
        using var subject = Create();
        using var run = new ConnectorRun(subject);
        var refusal = await Assert.ThrowsAsync<ConnectorException>(() => run.ReadAsync("no_such_stream", null, Cancelled));
        Assert.Equal(ConnectorErrorKind.Configuration, refusal.Kind);
    }

    /// <summary>A full read gives every record once, as JSON, and ends at a checkpoint that the hub can keep.</summary>
    [Fact]
    public Task Full_read_is_complete() => EachStreamAsync(async (subject, run, stream) =>
    {
        var state = await run.ReadAsync(stream, null, Cancelled);
        Same(subject.Expected(stream), state.Records.Keys, stream);
        Assert.Empty(state.Bad);
        Assert.Equal(state.Records.Count, state.Returned);
        Assert.All(state.Records.Values, body => JsonDocument.Parse(body).Dispose());
        Assert.NotNull(state.Cursor);
        Assert.All(state.Checkpoints, c => Assert.True(Encoding.UTF8.GetByteCount(c.Cursor) <= LargestCursor, "a cursor is larger than the hub keeps"));
        Assert.True(state.Checkpoints.Count >= 2 || subject.ReadAtOnce.Contains(stream), $"stream '{stream}': a checkpoint at the end only; a run that breaks off begins anew");
    });

    /// <summary>Reading on from the end of the last run gives what changed, and comes to the same as reading everything.</summary>
    [Fact]
    public Task Incremental_read_equals_full_read() => EachStreamAsync(async (subject, run, stream) =>
    {
        var state = await run.ReadAsync(stream, null, Cancelled);
        for (var i = 0; i < 3; i++)
        {
            subject.Change(stream);
            state = await run.ReadAsync(stream, state, Cancelled);
            Same(subject.Expected(stream), state.Records.Keys, stream);
        }

        Equal((await run.ReadAsync(stream, null, Cancelled)).Records, state.Records, stream);
    });

    /// <summary>A checkpoint keeps its promise: everything before it was returned, so that reading on from it comes to the same.</summary>
    [Fact]
    public Task Every_checkpoint_can_be_taken_up() => EachStreamAsync(async (subject, run, stream) =>
    {
        var whole = await run.ReadAsync(stream, null, Cancelled);
        var upTo = new StreamState();
        var taken = 0;
        await using var connection = run.Open();
        await foreach (var item in ((IReadRecords)connection).ReadAsync(new(stream), Cancelled))
        {
            if (item is SourceRecord record)
                upTo.Records[record.Id] = Encoding.UTF8.GetString(record.Body.Span);
            if (item is not Checkpoint checkpoint || taken++ > 20)
                continue;
            var resumed = await run.ReadAsync(stream, upTo with { Cursor = checkpoint.Cursor }, Cancelled);
            Equal(whole.Records, resumed.Records, $"{stream} from {checkpoint.Cursor}");
        }
    });

    /// <summary>Nothing is lost or doubled whatever goes wrong, at the first, a middle and the last call.</summary>
    [Theory]
    [InlineData(Fault.TooManyRequests)]
    [InlineData(Fault.TooManyRequestsSilent)]
    [InlineData(Fault.VendorRateLimit)]
    [InlineData(Fault.ServerError)]
    [InlineData(Fault.ServiceUnavailable)]
    [InlineData(Fault.TokensExpire)]
    [InlineData(Fault.HtmlInsteadOfJson)]
    [InlineData(Fault.TruncatedBody)]
    [InlineData(Fault.AnswerLost)]
    [InlineData(Fault.EmptyBody)]
    [InlineData(Fault.StalledBody)]
    public Task Faults_lose_nothing(Fault fault) => EachStreamAsync(async (subject, run, stream) =>
    {
        var undisturbed = await run.ReadAsync(stream, null, Cancelled);
        var before = subject.Simulator.DataCalls;
        await run.ReadAsync(stream, null, Cancelled);
        var calls = subject.Simulator.DataCalls - before;
        foreach (var at in new[] { 1, (calls + 1) / 2, calls }.Distinct())
        {
            subject.Simulator.Heal();
            // The client's own retries must not be all that saves the connector.
            for (var repeat = 0; repeat < (fault is Fault.ServerError or Fault.AnswerLost or Fault.TruncatedBody ? 5 : 1); repeat++)
                subject.Simulator.Inject(at + repeat, fault);
            var disturbed = await run.ReadAsync(stream, null, Cancelled);
            Equal(undisturbed.Records, disturbed.Records, $"{stream}: {fault} at call {at} of {calls}");
        }

        AssertSilent(subject, run.Said);
    }, fault == Fault.StalledBody ? TimeSpan.FromSeconds(1) : null);

    /// <summary>Ties at the cursor and repeated rows lose nothing; a record larger than the limit is set aside, and the read goes on.</summary>
    [Theory]
    [InlineData(Disturbance.Ties)]
    [InlineData(Disturbance.Duplicates)]
    [InlineData(Disturbance.HugeRecord)]
    public Task Awkward_data_loses_nothing(Disturbance disturbance) => EachStreamAsync(async (subject, run, stream) =>
    {
        if (!subject.Arrange(stream, disturbance))
            return;
        var state = await run.ReadAsync(stream, null, Cancelled, maxRecordBytes: 1024 * 1024);
        if (disturbance == Disturbance.HugeRecord)
        {
            Assert.Single(state.Bad);
            Assert.True(state.Bad[0].Body.Length <= 1024 * 1024, "the body of a record that is too large is not cut");
            Assert.Equal(subject.Expected(stream).Count - 1, state.Records.Count);
            return;
        }

        Same(subject.Expected(stream), state.Records.Keys, $"{stream}: {disturbance}");
        subject.Change(stream);
        state = await run.ReadAsync(stream, state, Cancelled);
        Same(subject.Expected(stream), state.Records.Keys, $"{stream}: {disturbance}, read on");
    });

    /// <summary>Data that changes while it is read: what was there all the time is not skipped, and the next run has everything.</summary>
    [Fact]
    public Task Pages_that_shift_lose_nothing() => EachStreamAsync(async (subject, run, stream) =>
    {
        var there = subject.Expected(stream).ToHashSet(StringComparer.Ordinal);
        // Only a few: a vendor whose data changes for ever would be read for ever.
        subject.Simulator.BeforeDataCall = call =>
        {
            if (call < 12 && call % 2 == 0)
                subject.Change(stream);
        };
        var state = await run.ReadAsync(stream, null, Cancelled);
        subject.Simulator.BeforeDataCall = null;
        there.ExceptWith(state.Records.Keys);
        Assert.True(there.Count == 0, $"{stream}: skipped {string.Join(", ", there.Take(5))}");
        state = await run.ReadAsync(stream, state, Cancelled);
        Equal((await run.ReadAsync(stream, null, Cancelled)).Records, state.Records, stream);
    });

    /// <summary>The vendor's clock may be minutes off.</summary>
    [Fact]
    public async Task Clock_skew_loses_nothing()
    {
        foreach (var skew in new[] { TimeSpan.FromMinutes(-4), TimeSpan.FromMinutes(4) })
            await EachStreamAsync(async (subject, run, stream) =>
            {
                subject.Simulator.Skew = skew;
                var state = await run.ReadAsync(stream, null, Cancelled);
                subject.Change(stream);
                state = await run.ReadAsync(stream, state, Cancelled);
                Same(subject.Expected(stream), state.Records.Keys, $"{stream} with a clock {skew} off");
            });
    }

    /// <summary>A read that is cancelled while the vendor is silent ends at once.</summary>
    [Fact]
    public Task Cancellation_is_prompt() => EachStreamAsync(async (subject, run, stream) =>
    {
        subject.Simulator.Inject(1, Fault.StalledBody);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var read = run.ReadAsync(stream, null, stop.Token);
        while (subject.Simulator.DataCalls == 0 && !read.IsCompleted)
            await Task.Delay(5, Cancelled);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(Watchdog, Cancelled));
    }, TimeSpan.FromMinutes(10));

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private async Task EachStreamAsync(Func<ConnectorUnderTest, ConnectorRun, string, Task> check, TimeSpan? timeout = null)
    {
        foreach (var stream in Create().Using(s => s.Connector.Manifest.Streams.Select(m => m.Name).ToList()))
        {
            using var subject = Create();
            using var run = new ConnectorRun(subject, timeout);
            await check(subject, run, stream);
            AssertSilent(subject, run.Said);
        }
    }

    private static void AssertSilent(ConnectorUnderTest subject, IEnumerable<string> said)
    {
        foreach (var line in said)
            foreach (var secret in subject.Secrets.Concat(subject.Simulator.Issued))
                Assert.False(line.Contains(secret, StringComparison.Ordinal) || line.Contains(Uri.EscapeDataString(secret), StringComparison.Ordinal), "a log line or message shows a secret");
    }

    private static void Same(IEnumerable<string> expected, IEnumerable<string> actual, string where)
    {
        var missing = expected.Except(actual, StringComparer.Ordinal).ToList();
        var extra = actual.Except(expected, StringComparer.Ordinal).ToList();
        Assert.True(missing.Count == 0 && extra.Count == 0, $"{where}: {missing.Count} missing ({string.Join(", ", missing.Take(5))}), {extra.Count} that should not be there ({string.Join(", ", extra.Take(5))})");
    }

    private static void Equal(SortedDictionary<string, string> expected, SortedDictionary<string, string> actual, string where)
    {
        Same(expected.Keys, actual.Keys, where);
        var other = expected.Where(e => actual[e.Key] != e.Value).Select(e => e.Key).ToList();
        Assert.True(other.Count == 0, $"{where}: other content for {string.Join(", ", other.Take(5))}");
    }
}

/// <summary>Asks a subject one thing and lets it go.</summary>
internal static class SubjectExtensions
{
    public static T Using<T>(this ConnectorUnderTest subject, Func<ConnectorUnderTest, T> ask)
    {
        using (subject)
            return ask(subject);
    }
}
