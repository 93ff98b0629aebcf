using System.Net;
using System.Text;
using IntegrationHub.Host;
using IntegrationHub.Sovereignty.Log;
using IntegrationHub.Sovereignty.Log.Notes;
using IntegrationHub.Sovereignty.Log.Tree;
using IntegrationHub.Sovereignty.Log.Witness;
using Microsoft.Extensions.Logging.Abstractions;

namespace IntegrationHub.Tests.Sovereignty.Log.Witness;

public sealed class WitnessTests
{
    private const string Origin = "log.test/witnessed";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_witness_signs_what_continues_and_nothing_else()
    {
        using var folder = new TemporaryFolder();
        using var log = NoteSigner.Generate(Origin, NoteAlgorithm.Ed25519);
        using var stranger = NoteSigner.Generate(Origin, NoteAlgorithm.Ed25519);
        await using var witness = await StartAsync(folder.Path, log.Verifier);
        using var http = new HttpClient { BaseAddress = new(witness.App.Urls.Single()) };
        var tree = new Tree.TreeRig().GrowTo(300);
        string Request(long old, long size, NoteSigner? by = null, byte[]? root = null, string origin = Origin, IReadOnlyList<byte[]>? proof = null) => new WitnessRequest(
            old, proof ?? tree.Tree(size).Consistency(Math.Min(old, size)), SignedNote.Sign(new Checkpoint(origin, size, root ?? tree.Tree(size).Root()).Text, by ?? log)).ToString();

        await ExpectAsync(http, HttpStatusCode.BadRequest, "nonsense");
        await ExpectAsync(http, HttpStatusCode.BadRequest, Request(0, 1).Replace("old 0", "old 00", StringComparison.Ordinal));
        await ExpectAsync(http, HttpStatusCode.NotFound, Request(0, 1, origin: "log.test/unknown"));
        await ExpectAsync(http, HttpStatusCode.Forbidden, Request(0, 1, by: stranger));
        await ExpectAsync(http, HttpStatusCode.BadRequest, Request(2, 1, proof: []));
        Assert.Equal("0\n", await ExpectAsync(http, HttpStatusCode.Conflict, Request(5, 10)));

        var signed = await ExpectAsync(http, HttpStatusCode.OK, Request(0, 10));
        var note = new SignedNote(new Checkpoint(Origin, 10, tree.Tree(10).Root()).Text, [NoteSignature.Parse(signed.TrimEnd('\n'))]);
        Assert.True(note.IsSignedBy(witness.Key));
        Assert.Equal(NoteAlgorithm.Cosignature, witness.Key.Algorithm);

        Assert.Equal("10\n", await ExpectAsync(http, HttpStatusCode.Conflict, Request(0, 20)));
        await ExpectAsync(http, HttpStatusCode.UnprocessableEntity, Request(10, 300, proof: []));
        await ExpectAsync(http, HttpStatusCode.UnprocessableEntity, Request(10, 300, root: new byte[32]));
        Assert.Equal("10\n", await ExpectAsync(http, HttpStatusCode.Conflict, Request(10, 10, root: new byte[32])));
        await ExpectAsync(http, HttpStatusCode.OK, Request(10, 10));
        await ExpectAsync(http, HttpStatusCode.OK, Request(10, 300));
        await ExpectAsync(http, HttpStatusCode.Conflict, Request(10, 300));
        await ExpectAsync(http, HttpStatusCode.BadRequest, Request(300, 10, proof: []));
        await ExpectAsync(http, HttpStatusCode.RequestEntityTooLarge, new string('x', 70_000));
    }

    [Fact]
    public async Task Of_requests_that_race_one_wins_and_nothing_is_rolled_back()
    {
        using var folder = new TemporaryFolder();
        using var log = NoteSigner.Generate(Origin, NoteAlgorithm.Ed25519);
        await using var witness = await StartAsync(folder.Path, log.Verifier);
        using var http = new HttpClient { BaseAddress = new(witness.App.Urls.Single()) };
        var tree = new Tree.TreeRig().GrowTo(64);
        var answers = await Task.WhenAll(Enumerable.Range(1, 40).Select(async size =>
        {
            using var content = new StringContent(new WitnessRequest(0, [], SignedNote.Sign(new Checkpoint(Origin, size, tree.Tree(size).Root()).Text, log)).ToString());
            using var answer = await http.PostAsync("add-checkpoint", content, Cancel);
            return answer.StatusCode;
        }));
        Assert.Single(answers, HttpStatusCode.OK);
        Assert.Equal(39, answers.Count(a => a == HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task A_witness_that_was_restarted_remembers_and_keeps_its_key()
    {
        using var folder = new TemporaryFolder();
        using var log = NoteSigner.Generate(Origin, NoteAlgorithm.Ed25519);
        var tree = new Tree.TreeRig().GrowTo(64);
        VerifierKey key;
        await using (var first = await StartAsync(folder.Path, log.Verifier))
        {
            key = first.Key;
            await SubmitAsync(first, HttpStatusCode.OK, 0, 20);
        }

        await using var second = await StartAsync(folder.Path, log.Verifier);
        Assert.Equal(key, second.Key);
        await SubmitAsync(second, HttpStatusCode.Conflict, 0, 10);
        await SubmitAsync(second, HttpStatusCode.OK, 20, 64);

        async Task SubmitAsync(WitnessHost witness, HttpStatusCode expected, long old, long size)
        {
            using var http = new HttpClient { BaseAddress = new(witness.App.Urls.Single()) };
            await ExpectAsync(http, expected, new WitnessRequest(old, tree.Tree(size).Consistency(old), SignedNote.Sign(new Checkpoint(Origin, size, tree.Tree(size).Root()).Text, log)).ToString());
        }
    }

    [Fact]
    public async Task A_checkpoint_is_published_when_enough_witnesses_have_signed_and_verifies_with_their_keys()
    {
        await using var party = await Party.StartAsync(witnesses: 3, quorum: 2);
        await party.Rig.FillAsync(5);
        await party.Log.IntegrateAsync(Cancel);
        Assert.Null(party.Log.Stored.Checkpoint);
        await party.Witnesses[2].DisposeAsync();
        await party.Round.PublishAsync(Cancel);
        var note = SignedNote.Parse(party.Log.Stored.Checkpoint!);
        Assert.Equal([true, true, false], party.Witnesses.Select(w => note.IsSignedBy(w.Key)));
        Assert.True(note.IsSignedBy((await party.Log.IdentityAsync(Cancel)).Current));

        await party.Witnesses[1].DisposeAsync();
        await party.Rig.FillAsync(5);
        await party.Log.IntegrateAsync(Cancel);
        Assert.Contains("1 of 2", (await Assert.ThrowsAsync<WitnessException>(() => party.Round.PublishAsync(Cancel))).Message, StringComparison.Ordinal);
        Assert.Equal(5, Checkpoint.Parse(SignedNote.Parse(party.Log.Stored.Checkpoint!).Text).Size);
        Assert.Null(party.Log.Stored.Resource(new Tile(0, 0, 10)));
        Assert.NotNull(party.Log.Stored.Resource(new Tile(0, 0, 5)));
    }

    [Fact]
    public async Task An_older_copy_of_the_whole_database_is_found_out_before_it_grows()
    {
        await using var party = await Party.StartAsync(witnesses: 1, quorum: 1);
        await PublishAsync(party, 5);
        using var backup = new TemporaryFolder();
        await party.Rig.BetweenAsync(file => File.Copy(file, backup.File("hub.db")));
        await PublishAsync(party, 5);
        await party.Rig.BetweenAsync(file => File.Copy(backup.File("hub.db"), file, overwrite: true));

        Assert.Empty((await party.Rig.VerifyAsync()).Faults);
        Assert.Contains("older copy", (await Assert.ThrowsAsync<LogDamageException>(() => party.Round.PublishAsync(Cancel))).Message, StringComparison.Ordinal);
        // Even when it has grown past what the witness saw.
        await party.Rig.FillAsync(9);
        await party.Log.IntegrateAsync(Cancel);
        await Assert.ThrowsAsync<WitnessException>(() => party.Round.PublishAsync(Cancel));
        Assert.Equal(5, Checkpoint.Parse(SignedNote.Parse(party.Log.Stored.Checkpoint!).Text).Size);
    }

    private static async Task PublishAsync(Party party, int entries)
    {
        await party.Rig.FillAsync(entries);
        await party.Log.IntegrateAsync(Cancel);
        await party.Round.PublishAsync(Cancel);
    }

    private static Task<WitnessHost> StartAsync(string folder, params VerifierKey[] logs) =>
        WitnessHost.StartAsync(folder, "witness.test/w1", logs, "http://127.0.0.1:0", TimeProvider.System, NullLoggerFactory.Instance, Cancel);

    private static async Task<string> ExpectAsync(HttpClient http, HttpStatusCode expected, string body)
    {
        using var content = new StringContent(body, new UTF8Encoding(false));
        using var answer = await http.PostAsync("add-checkpoint", content, Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.StatusCode == expected, $"{(int)answer.StatusCode} {text}instead of {(int)expected} for\n{body[..Math.Min(300, body.Length)]}");
        if (expected == HttpStatusCode.Conflict)
            Assert.Equal("text/x.tlog.size", answer.Content.Headers.ContentType!.MediaType);
        return text;
    }

    /// <summary>A log with its witnesses, each a server of its own.</summary>
    private sealed class Party : IAsyncDisposable
    {
        private readonly List<TemporaryFolder> _folders = [];
        private readonly HttpClient _http = new();

        public List<WitnessHost> Witnesses { get; } = [];

        public required LogRig Rig { get; init; }

        public SovereigntyLog Log => Rig.Open(Rig.Store);

        /// <summary>As a hub that was just started has it.</summary>
        public WitnessRound Round => new(Rig.Store, Log, _http);

        public static async Task<Party> StartAsync(int witnesses, int quorum)
        {
            var rig = new LogRig();
            var key = (await rig.Sovereignty.IdentityAsync(Cancel)).Current;
            var party = new Party { Rig = rig };
            for (var i = 0; i < witnesses; i++)
            {
                party._folders.Add(new());
                party.Witnesses.Add(await WitnessHost.StartAsync(party._folders[i].Path, $"witness.test/w{i}", [key], "http://127.0.0.1:0", TimeProvider.System, NullLoggerFactory.Instance, Cancel));
            }

            rig.Config = new() { Origin = "log.test/rig", Quorum = quorum, Witnesses = [.. party.Witnesses.Select(w => new LogWitness(new(w.App.Urls.Single() + "/"), w.Key))] };
            return party;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var witness in Witnesses)
                await witness.DisposeAsync();
            await Rig.DisposeAsync();
            _http.Dispose();
            _folders.ForEach(f => f.Dispose());
        }
    }
}
