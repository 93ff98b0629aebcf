using System.Text.Json;
using IntegrationHub.Sovereignty.Log.Entries;
using IntegrationHub.Storage;
using IntegrationHub.Unify;

namespace IntegrationHub.Connections;

/// <summary>Whom changes concern, as entries of the sovereignty log name them.</summary>
internal static class MovedSubjects
{
    public static LogSubject Of(Workspace workspace, int type, long entity) => new(entity, EntityId.Format(workspace.Bindings.Find(type)!.Type, entity));

    /// <summary>Both sides of a merge or split.</summary>
    public static (LogSubject Subject, LogSubject Other) Pair(Workspace workspace, ChangeRow change)
    {
        using var body = JsonDocument.Parse(change.Body);
        return (Of(workspace, change.Type, change.Entity), Named(workspace, body.RootElement.GetProperty("other").GetString()!));
    }

    /// <exception cref="StoreException">What is stored names no entity.</exception>
    public static LogSubject Named(Workspace workspace, string id) =>
        EntityId.TryParse(id, workspace.Model, out _, out var number) ? new(number, id) : throw new StoreException("a stored change or decision names an entity by an id that is none");
}
