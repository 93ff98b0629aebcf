using IntegrationHub.Connections;
using IntegrationHub.Connections.Callbacks;
using IntegrationHub.Host;

namespace IntegrationHub.Api;

/// <summary>All routes of the unified API, resource by resource.</summary>
internal sealed class ApiRoutes
{
    private static readonly string[] Reserved = ["changes", "connections", "runs", "rejected", "mappings", "model", "subscriptions", "identity"];

    private readonly IEndpointRouteBuilder _routes;
    private readonly PageCursor _cursor;
    private readonly ReadLog _reads;

    private ApiRoutes(IEndpointRouteBuilder routes, Workspace workspace)
    {
        _routes = routes;
        Workspace = workspace;
        _reads = new(workspace);
        _cursor = new(workspace.Key.Derive("pageCursor"));
    }

    public Workspace Workspace { get; }

    public IServiceProvider Services => _routes.ServiceProvider;

    public static void Map(IEndpointRouteBuilder endpoints, Workspace workspace)
    {
        foreach (var entity in workspace.Model.Entities.Where(e => Reserved.Contains(e.Plural)))
            throw new HubEnvironmentException($"entity '{entity.Name}' has the plural '{entity.Plural}', which the API uses for itself; give it another 'plural:' in its model file");
        var routes = new ApiRoutes(endpoints, workspace);
        EntityRoutes.Map(routes);
        TimelineRoutes.Map(routes);
        ChangeRoutes.Map(routes);
        ChangeStreamRoutes.Map(routes);
        ConnectionRoutes.Map(routes);
        ActionRoutes.Map(routes);
        CallbackRoutes.Map(endpoints, endpoints.ServiceProvider.GetRequiredService<CallbackDesk>());
        RunRoutes.Map(routes);
        RejectedRoutes.Map(routes);
        MappingRoutes.Map(routes);
        ModelRoutes.Map(routes);
        IdentityRoutes.Map(routes);
        SubscriptionRoutes.Map(routes);
        LogRoutes.Map(endpoints, workspace);
        OpenApiDocument.Map(endpoints, workspace);
        DocsPage.Map(endpoints);
    }

    public void Get(string pattern, Operation operation, Func<ApiRequest, Task> handle) => Map("GET", pattern, operation, handle);

    public void Post(string pattern, Operation operation, Func<ApiRequest, Task> handle) => Map("POST", pattern, operation, handle);

    public void Delete(string pattern, Operation operation, Func<ApiRequest, Task> handle) => Map("DELETE", pattern, operation, handle);

    private void Map(string method, string pattern, Operation operation, Func<ApiRequest, Task> handle) =>
        _routes.MapMethods(pattern, [method], http => handle(new(http, operation, Workspace, _cursor, _reads))).WithMetadata(operation).WithName(operation.Id);
}
