using System.Diagnostics;
using System.Globalization;

namespace ControlNetSharp.Tests.Packaging;

/// <summary>All packages of the repository in a folder, and projects that take them from there.</summary>
public sealed class PackageFeed : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<string> _packed;
    private int _projects;

    public PackageFeed() => _packed = new(Pack);

    /// <summary>A version of this run alone, so that no cache has it.</summary>
    public string Version { get; } =
        "0.9.0-test." + DateTime.UtcNow.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture);

    /// <summary>A folder with a photograph, whose packages come from the feed first.</summary>
    public string NewFolder()
    {
        var feed = _packed.Value;
        var folder = Directory.CreateDirectory(_folder[$"project{++_projects}"]).FullName;
        File.WriteAllText(
            Path.Combine(folder, "nuget.config"),
            $"""<configuration><packageSources><add key="feed" value="{feed}" /></packageSources></configuration>"""
        );
        File.Copy(Repository.PathOf("docs/pictures/coffee.png"), Path.Combine(folder, "cup.png"));
        return folder;
    }

    /// <summary>A fresh project with packages.</summary>
    public string NewProject(string template, params string[] packages)
    {
        var folder = NewFolder();
        Run(folder, "new", template, "-n", "App", "-o", ".", "--no-restore");
        foreach (var package in packages)
        {
            string[] version = package.StartsWith("ControlNetSharp", StringComparison.Ordinal) ? ["--version", Version] : [];
            Run(folder, ["add", "package", package, .. version]);
        }

        return folder;
    }

    /// <summary>Runs the .NET command line; it must succeed.</summary>
    public void Run(string folder, params string[] arguments) => Run(folder, "dotnet", arguments);

    /// <summary>Starts it.</summary>
    public Process Start(string folder, params string[] arguments) => Started(folder, "dotnet", arguments);

    /// <summary>Runs a program; it must succeed.</summary>
    public static void Run(string folder, string program, string[] arguments)
    {
        using var process = Started(folder, program, arguments);
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)}: exit code {process.ExitCode}\n{output}\n{errors.Result}"
            );
        }
    }

    /// <summary>Deletes the folder, and the packages of this version that restoring has copied.</summary>
    public void Dispose()
    {
        _folder.Dispose();
        var cache =
            Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        foreach (var package in Directory.GetDirectories(cache, "controlnetsharp*"))
        {
            if (Path.Combine(package, Version) is var copy && Directory.Exists(copy))
            {
                Directory.Delete(copy, recursive: true);
            }
        }
    }

    private string Pack()
    {
        var feed = _folder["feed"];
        // Not where the tests themselves were built: another version would write over them.
        string[] elsewhere = ["--artifacts-path", _folder["artifacts"], "-p:RunAnalyzers=false"];
        Run(Repository.PathOf("."), ["pack", "-c", "Release", "-o", feed, $"-p:Version={Version}", .. elsewhere]);
        return feed;
    }

    private static Process Started(string folder, string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        // This process was started by dotnet, too: its variables must not choose for another project.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        return Process.Start(start)!;
    }
}
