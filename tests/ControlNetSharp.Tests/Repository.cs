namespace ControlNetSharp.Tests;

/// <summary>The checkout that these tests were built in.</summary>
internal static class Repository
{
    private const string Sign = "ControlNetSharp.slnx";

    /// <summary>The place of a file or folder, given relative to the repository with forward slashes.</summary>
    public static string PathOf(string relative)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, Sign)))
            {
                return Path.Combine([folder.FullName, .. relative.Split('/')]);
            }
        }

        throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} has {Sign}.");
    }
}
