namespace IntegrationHub.Storage;

/// <summary>Folders that hold customer data: for this user alone, where the system knows such a thing.</summary>
internal static class PrivateFolder
{
    /// <summary>Makes the folder when it is not there; one that is there keeps its rights.</summary>
    public static void Create(string folder)
    {
        if (OperatingSystem.IsWindows() || Directory.Exists(folder))
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
