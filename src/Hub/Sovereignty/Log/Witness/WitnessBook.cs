using IntegrationHub.Sovereignty.Log.Notes;
using IntegrationHub.Sovereignty.Log.Tree;
using IntegrationHub.Storage;

namespace IntegrationHub.Sovereignty.Log.Witness;

/// <summary>What a witness answers: an HTTP status of c2sp.org/tlog-witness with its body.</summary>
public readonly record struct WitnessAnswer(int Status, string Body);

/// <summary>
/// A witness: remembers the newest checkpoint of each log it watches, and signs one only when it continues that. Checking and remembering are one
/// transaction, on disk before the answer, so that no two requests and no crash can make it forget.
/// </summary>
/// <param name="logs">Keys of the logs it watches; their names are the origins.</param>
public sealed class WitnessBook(IHubStore store, NoteSigner signer, IReadOnlyList<VerifierKey> logs, TimeProvider time)
{
    private const string Kind = "witness";

    public async ValueTask<WitnessAnswer> AddAsync(string body, CancellationToken cancellationToken)
    {
        WitnessRequest request;
        Checkpoint checkpoint;
        try
        {
            request = WitnessRequest.Parse(body);
            checkpoint = Checkpoint.Parse(request.Checkpoint.Text);
        }
        catch (FormatException e)
        {
            return new(400, e.Message + "\n");
        }

        var keys = logs.Where(k => k.Name == checkpoint.Origin).ToList();
        if (keys.Count == 0)
            return new(404, "this log is not known here\n");
        if (!keys.Any(request.Checkpoint.IsSignedBy))
            return new(403, "the checkpoint is not signed by a key known for this log\n");
        if (request.OldSize > checkpoint.Size)
            return new(400, "the old size is larger than the new one\n");
        return await AddAsync(request, checkpoint, cancellationToken);
    }

    private async ValueTask<WitnessAnswer> AddAsync(WitnessRequest request, Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        await using var transaction = await store.BeginAsync(cancellationToken);
        var seen = await transaction.DocumentAsync(Kind, checkpoint.Origin) is { } text ? Checkpoint.Parse(text) : new(checkpoint.Origin, 0, TreeHash.Empty);
        if (request.OldSize != seen.Size || (checkpoint.Size == seen.Size && !checkpoint.Agrees(seen)))
            return new(409, $"{seen.Size}\n");
        if (!TreeProof.Extends(seen.Size, seen.Root, checkpoint.Size, checkpoint.Root, request.Proof))
            return new(422, "the proof does not lead from the old tree to the new one\n");
        await transaction.SaveDocumentAsync(Kind, checkpoint.Origin, checkpoint.Text);
        await transaction.CommitAsync();
        return new(200, Cosignature.Sign(request.Checkpoint.Text, signer, time.GetUtcNow().ToUnixTimeSeconds()).ToString());
    }
}
