using System.Text;
using IntegrationHub.Connections.Configuration;
using IntegrationHub.Sovereignty.Log.Notes;
using IntegrationHub.Sovereignty.Log.Witness;
using IntegrationHub.Storage;
using IntegrationHub.Storage.Sqlite;

namespace IntegrationHub.Host;

/// <summary>A witness as a process that serves <c>POST /add-checkpoint</c>. It shares nothing with a hub: its own folder, its own key.</summary>
public sealed class WitnessHost : IAsyncDisposable
{
    private const string Kind = "witness-key";
    private const int MostBytes = 64 * 1024;

    private readonly SqliteStore _store;
    private readonly NoteSigner _signer;

    private WitnessHost(WebApplication app, SqliteStore store, NoteSigner signer)
    {
        App = app;
        _store = store;
        _signer = signer;
    }

    public WebApplication App { get; }

    /// <summary>What hubs and verifiers know it by.</summary>
    public VerifierKey Key => _signer.Verifier;

    /// <summary>Opens the folder, making key and memory the first time, and listens.</summary>
    /// <exception cref="HubEnvironmentException">The address cannot be had.</exception>
    public static async Task<WitnessHost> StartAsync(string data, string name, IReadOnlyList<VerifierKey> logs, string listen, TimeProvider time, ILoggerFactory log, CancellationToken cancellationToken)
    {
        if (!VerifierKey.IsName(name))
            throw new HubEnvironmentException($"'{name}' cannot name a witness: no spaces, no '+'");
        var store = SqliteStore.Open(new() { Path = Path.Combine(data, "witness.db") });
        var signer = await SignerAsync(store, new DocumentSeal(WorkspaceKey.Open(data).Derive("witness")), name, cancellationToken);
        var book = new WitnessBook(store, signer, logs, time);

        var builder = WebApplication.CreateEmptyBuilder(new() { ContentRootPath = AppContext.BaseDirectory, ApplicationName = "hub" });
        builder.Services.AddSingleton(log);
        builder.Services.AddLogging();
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseUrls(listen).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MostBytes;
        });
        var app = builder.Build();
        app.UseRouting();
        app.MapMethods("/add-checkpoint", ["POST"], http => AnswerAsync(http, book));
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException e)
        {
            await store.DisposeAsync();
            throw new HubEnvironmentException($"cannot listen on {listen}: {e.Message}", e);
        }

        return new(app, store, signer);
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await _store.DisposeAsync();
        _signer.Dispose();
    }

    private static async Task AnswerAsync(HttpContext http, WitnessBook book)
    {
        using var reader = new StreamReader(http.Request.Body, new UTF8Encoding(false, throwOnInvalidBytes: true));
        WitnessAnswer answer;
        try
        {
            answer = await book.AddAsync(await reader.ReadToEndAsync(http.RequestAborted), http.RequestAborted);
        }
        catch (ArgumentException)
        {
            answer = new(400, "the request is not UTF-8\n");
        }
        catch (StoreException)
        {
            answer = new(503, "the witness cannot remember checkpoints at the moment\n");
        }

        http.Response.StatusCode = answer.Status;
        http.Response.ContentType = answer.Status == 409 ? "text/x.tlog.size" : "text/plain; charset=utf-8";
        await http.Response.WriteAsync(answer.Body, http.RequestAborted);
    }

    private static async ValueTask<NoteSigner> SignerAsync(SqliteStore store, DocumentSeal seal, string name, CancellationToken cancellationToken)
    {
        await using var transaction = await store.BeginAsync(cancellationToken);
        if (await transaction.DocumentAsync(Kind, name) is { } kept)
            return NoteSigner.Import(name, NoteAlgorithm.Cosignature, seal.Open(name, kept)
                ?? throw new StoreException($"the key of witness '{name}' cannot be opened: secrets.key is not the key it was kept with; restore it from your backup"));
        var signer = NoteSigner.Generate(name, NoteAlgorithm.Cosignature);
        await transaction.SaveDocumentAsync(Kind, name, seal.Close(name, signer.Seed()));
        await transaction.CommitAsync();
        return signer;
    }
}
