using IntegrationHub.Storage;

namespace IntegrationHub.Documents;

/// <summary>How records are named to the outside: connection, stream and the source's own id.</summary>
internal static class RecordNames
{
    /// <summary>How the head of an assembled record is kept among its parts.</summary>
    public const string Group = "group:";

    public static (string Connection, string Stream, string Id) Of(Catalog catalog, RecordRow? record)
    {
        if (record is null)
            return ("", "", "");
        var (connection, stream) = Stream(catalog, record.Stream);
        // A part may be called so by its source; only a head has no bytes of its own.
        var isHead = record.Parent == 0 && record.Hash.Length == 0 && record.SourceId.StartsWith(Group, StringComparison.Ordinal);
        return (connection, stream, isHead ? record.SourceId[Group.Length..] : record.SourceId);
    }

    public static (string Connection, string Stream) Stream(Catalog catalog, int stream)
    {
        var name = catalog.Name(stream);
        var slash = name.IndexOf('/');
        return (name[..slash], name[(slash + 1)..]);
    }
}
