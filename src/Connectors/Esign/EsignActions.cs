using System.Globalization;
using IntegrationHub.Sdk;
using IntegrationHub.Sdk.Actions;

namespace IntegrationHub.Connectors.Esign;

/// <summary>
/// Starts, urges and revokes flows. e签宝 knows no request keys: the time of the first attempt is noted, and a repeat looks for a flow that began since and carries the
/// caller's number before it starts one.
/// </summary>
internal sealed class EsignActions(EsignClient client, EsignReader reader, TimeProvider time)
{
    private const int Revoked = 3;

    public static IReadOnlyList<ActionManifest> Manifest { get; } =
    [
        new() { Name = "create_flow", Description = "Starts a sign flow for an uploaded file.", Input = typeof(CreateFlowInput), PersonalData = ["$.signers[*].person", "$.signers[*].account"] },
        new() { Name = "urge_flow", Description = "Reminds those who have yet to sign, by short message.", Input = typeof(FlowInput) },
        new() { Name = "revoke_flow", Description = "Revokes a flow that is being signed.", Input = typeof(RevokeFlowInput) },
    ];

    public Task<ActionResult> RunAsync(ActionRequest request, CancellationToken cancellationToken) => request.Action switch
    {
        "create_flow" => CreateAsync(request, request.Bind<CreateFlowInput>(), cancellationToken),
        "urge_flow" => UrgeAsync(request, request.Bind<FlowInput>(), cancellationToken),
        "revoke_flow" => RevokeAsync(request.Bind<RevokeFlowInput>(), cancellationToken),
        _ => throw new ConnectorException(ConnectorErrorKind.Permanent, $"esign has no action '{request.Action}'"),
    };

    private async Task<ActionResult> CreateAsync(ActionRequest request, CreateFlowInput input, CancellationToken cancellationToken)
    {
        if (request.Steps.Get("began") is { } began)
        {
            if (await FindAsync(input.Number, long.Parse(began, CultureInfo.InvariantCulture), cancellationToken).ConfigureAwait(false) is { } existing)
                return ActionResult.Of(new { flow = existing });
        }
        else
        {
            await request.Steps.SetAsync("began", time.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture), cancellationToken).ConfigureAwait(false);
        }

        var body = new
        {
            docs = new[] { new { fileId = input.FileId } },
            signFlowConfig = new { signFlowTitle = input.Title, autoStart = true, autoFinish = true },
            signers = input.Signers.Select((signer, index) => Signer(input, signer, index + 1)).ToList(),
        };
        var created = await client.PostAsync("/v3/sign-flow/create-by-file", body, cancellationToken, writes: true).ConfigureAwait(false);
        return ActionResult.Of(new { flow = created.GetProperty("signFlowId").GetString() });
    }

    private static Dictionary<string, object> Signer(CreateFlowInput input, SignerInput signer, int order)
    {
        var person = new { psnAccount = signer.Account, psnInfo = new { psnName = signer.Person } };
        var fields = new[]
        {
            new
            {
                fileId = input.FileId,
                customBizNum = input.Number,
                normalSignFieldConfig = new { autoSign = false, signFieldStyle = 1, signFieldPosition = new { positionPage = signer.Page.ToString(CultureInfo.InvariantCulture), positionX = signer.X, positionY = signer.Y } },
            },
        };
        return signer.Organisation is { } organisation
            ? new() { ["signerType"] = 1, ["signConfig"] = new { signOrder = order }, ["orgSignerInfo"] = new { orgName = organisation, transactorInfo = person }, ["signFields"] = fields }
            : new() { ["signerType"] = 0, ["signConfig"] = new { signOrder = order }, ["psnSignerInfo"] = person, ["signFields"] = fields };
    }

    /// <summary>A flow that began since and carries the number.</summary>
    private async Task<string?> FindAsync(string number, long since, CancellationToken cancellationToken)
    {
        // The vendor's clock may be behind ours, or ahead.
        var margin = (long)TimeSpan.FromMinutes(15).TotalMilliseconds;
        await foreach (var page in reader.PagesAsync("Start", since - margin, time.GetUtcNow().ToUnixTimeMilliseconds() + margin, cancellationToken).ConfigureAwait(false))
            foreach (var id in page.Items)
            {
                var detail = await client.GetAsync($"/v3/sign-flow/{id}/detail", cancellationToken).ConfigureAwait(false);
                if (detail.GetProperty("signers").EnumerateArray().SelectMany(s => s.GetProperty("signFields").EnumerateArray()).Any(f => f.TryGetProperty("customBizNum", out var found) && found.ValueEquals(number)))
                    return id;
            }

        return null;
    }

    /// <summary>Signers are not reminded twice for one key. e签宝 cannot be asked for reminders: one whose answer was lost is not repeated, and never said to be sent.</summary>
    private async Task<ActionResult> UrgeAsync(ActionRequest request, FlowInput input, CancellationToken cancellationToken)
    {
        if (!string.IsNullOrEmpty(request.Steps.Get("urged")))
            return ActionResult.Of(new { urged = (bool?)null, unknown = "the answer to the first attempt was lost, and reminders cannot be asked for; use a new key to remind once more" });
        await request.Steps.SetAsync("urged", "perhaps", cancellationToken).ConfigureAwait(false);
        try
        {
            await client.PostAsync($"/v3/sign-flow/{Uri.EscapeDataString(input.Flow)}/urge", new { noticeTypes = "1" }, cancellationToken, writes: true).ConfigureAwait(false);
        }
        catch (ConnectorException e) when (!e.MayHaveHappened)
        {
            await request.Steps.SetAsync("urged", "", cancellationToken).ConfigureAwait(false);
            throw;
        }

        return ActionResult.Of(new { urged = true });
    }

    private async Task<ActionResult> RevokeAsync(RevokeFlowInput input, CancellationToken cancellationToken)
    {
        var path = $"/v3/sign-flow/{Uri.EscapeDataString(input.Flow)}";
        var flow = await client.GetAsync(path + "/detail", cancellationToken).ConfigureAwait(false);
        if (flow.GetProperty("signFlowStatus").GetInt32() != Revoked)
            await client.PostAsync(path + "/revoke", new { revokeReason = input.Reason }, cancellationToken, writes: true).ConfigureAwait(false);
        return ActionResult.Of(new { revoked = true });
    }
}
