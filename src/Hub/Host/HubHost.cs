using System.Net.Sockets;
using IntegrationHub.Api;
using IntegrationHub.Connections;
using IntegrationHub.Connections.Callbacks;
using IntegrationHub.Delivery;

namespace IntegrationHub.Host;

/// <summary>The hub as a process that serves: API, schedules, health. Reads as the list of its parts.</summary>
public static partial class HubHost
{
    /// <summary>Puts the host together. The workspace stays the caller's, and has to outlive it.</summary>
    /// <exception cref="HubEnvironmentException">It cannot be served as it is configured.</exception>
    public static WebApplication Build(Workspace workspace, HubHostOptions options)
    {
        // Empty: no configuration files beside the program, none watched, no server header, nothing on that nobody asked for.
        var builder = WebApplication.CreateEmptyBuilder(new() { ContentRootPath = AppContext.BaseDirectory, ApplicationName = "hub" });
        builder.Services.AddSingleton(workspace.Logs);
        builder.Services.AddLogging();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = options.StopLimit + TimeSpan.FromSeconds(15));
        builder.WebHost.UseKestrelCore().UseUrls(workspace.Config.Listen).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = workspace.Config.Api.BodyBytes;
        });

        var keys = new ApiKeys(workspace);
        builder.Services.AddSingleton(workspace).AddSingleton(workspace.Time).AddSingleton(options).AddSingleton(keys);
        builder.Services.AddSingleton(_ => new ChangeSignal(workspace.Store, workspace.Time));
        builder.Services.AddSingleton<KeyUses>().AddHostedService(s => s.GetRequiredService<KeyUses>());
        builder.Services.AddSingleton<RunService>().AddHostedService(s => s.GetRequiredService<RunService>());
        builder.Services.AddSingleton(_ => new CallbackDesk(workspace)).AddHostedService<CallbackService>();
        builder.Services.AddSingleton(Subscriptions.Open(workspace)).AddHostedService<DeliveryService>();
        builder.Services.AddHostedService<LogService>();
        builder.Services.AddRoutingCore();
        builder.Services.AddRateLimiter(o =>
        {
            o.GlobalLimiter = KeyGate.Limiter(workspace.Config.Api);
            o.OnRejected = (context, _) => KeyGate.Refuse(context.HttpContext, context.Lease);
        });
        if (options.Schedules)
            ConnectionSchedules.Add(builder.Services, Path.Combine(workspace.Config.Root, workspace.Config.Data, "scheduler.db"));
        Telemetry.Add(builder.Services, workspace.Config);

        var app = builder.Build();
        ProblemAnswers.Use(app, workspace.Logs.CreateLogger("Api"));
        app.UseRouting();
        KeyGate.Identify(app, keys, app.Services.GetRequiredService<KeyUses>());
        app.UseRateLimiter();
        KeyGate.Decide(app);
        Health.Map(app, new(workspace, app.Services));
        ApiRoutes.Map(app, workspace);
        return app;
    }

    /// <summary>Starts serving; comes back when requests are answered.</summary>
    /// <exception cref="HubEnvironmentException">The address cannot be had, or another hub serves the same data.</exception>
    public static async Task StartAsync(WebApplication app, CancellationToken cancellationToken)
    {
        var workspace = app.Services.GetRequiredService<Workspace>();
        var only = workspace.Store.TryLease("host")
            ?? throw new HubEnvironmentException($"another hub serves the data in '{workspace.Config.Data}'; stop it, or give this one another folder with 'data:' in hub.yaml or --data");
        app.Lifetime.ApplicationStopped.Register(only.Dispose);
        KeepThreads(workspace.Config.Api.ThreadsPerCore);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (Exception e) when (Unbindable(e) is { } reason)
        {
            only.Dispose();
            throw new HubEnvironmentException($"cannot listen on {workspace.Config.Listen}: {reason}; set another address with 'listen:' in hub.yaml", e);
        }

        Listening(workspace.Logs.CreateLogger("Host"), string.Join(", ", app.Urls));
    }

    /// <summary>
    /// A read of the store and a sync of its journal hold a thread of the pool until the disk has answered. The pool begins with one for each core and adds others slowly, so
    /// that two such calls would keep everybody waiting on two cores.
    /// </summary>
    private static void KeepThreads(int perCore)
    {
        ThreadPool.GetMinThreads(out var workers, out var completions);
        ThreadPool.SetMinThreads(Math.Max(workers, perCore * Environment.ProcessorCount), completions);
    }

    private static string? Unbindable(Exception e) => (e, e.InnerException) switch
    {
        (_, Microsoft.AspNetCore.Connections.AddressInUseException) => "another program (perhaps another hub) listens there; stop it",
        (SocketException { SocketErrorCode: SocketError.AccessDenied }, _) => "this user may not use that port; ports below 1024 belong to the administrator",
        (SocketException { SocketErrorCode: SocketError.AddressNotAvailable }, _) => "this machine has no such address",
        (SocketException or IOException, _) => e.Message,
        _ => null,
    };

    [LoggerMessage(11, LogLevel.Information, "listening on {Addresses}")]
    private static partial void Listening(ILogger log, string addresses);
}
