namespace ControlNetSharp.Server.Tests;

/// <summary>A folder of one test's own, deleted with everything in it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("controlnetsharp-test").FullName;

    public string this[string file] => System.IO.Path.Combine(Path, file);

    /// <summary>All files with their sizes and times of writing, for telling whether anything was written.</summary>
    public IReadOnlyList<string> Listing() =>
        [.. Directory.GetFiles(Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file => $"{file} {new FileInfo(file).Length} {File.GetLastWriteTimeUtc(file):O}")];

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
