using System.Diagnostics;
using ControlNetSharp.Runtime;
using Xunit;

namespace ControlNetSharp.Tests.Runtime;

/// <summary>The native libraries as a program on its own sees them: a copy of the command line without libtorch beside it.</summary>
public sealed class NativeLibrariesTests : IDisposable
{
    private const string Library = "libLibTorchSharp.so";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void LoadLog_OfThisProcess_EndsWithTheLibraryThatWasLoaded()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere the system's loader does everything.");
        Assert.EndsWith($"{Library}: loaded", NativeLibraries.LoadLog[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Program_WithoutLibtorch_SaysWhichPackageIsMissing_AndWhereItLooked()
    {
        var (exitCode, message) = await Doctor();
        Assert.Equal(3, exitCode);
        Assert.StartsWith("controlnet: libtorch could not be loaded. Reference the package ControlNetSharp.Cpu", message, StringComparison.Ordinal);
        Assert.Contains($"No {Library} was found in: {_folder.Path}", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Program_WithALibraryThatCannotBeLoaded_NamesTheFile_WithTheLoadersOwnWords()
    {
        File.WriteAllText(_folder[Library], "This is no library, but it is longer than the header of one would have to be.");
        var (exitCode, message) = await Doctor();
        Assert.Equal(3, exitCode);
        Assert.Contains($"Tried:\n  {_folder[Library]}: ", message, StringComparison.Ordinal);
        Assert.Contains("invalid ELF header", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Program_ThatIsToldAFolderOfLibtorch_LoadsItFromThere()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The library looks for the file by itself on Linux only.");
        var loaded = NativeLibraries.LoadLog.Where(line => line.EndsWith(": loaded", StringComparison.Ordinal)).Select(line => line[..^": loaded".Length]).ToList();
        File.Copy(loaded[^1], _folder[Library]);
        var libtorch = Path.GetDirectoryName(loaded.Single(file => Path.GetFileName(file) == "libtorch_cpu.so"))!;
        var (exitCode, message) = await Doctor(libtorch);
        Assert.Equal("", message);
        Assert.Equal(0, exitCode);
    }

    private async Task<(int ExitCode, string Message)> Doctor(string? libtorch = null)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The library looks for the file by itself on Linux only.");
        // Without a list of dependencies the host takes every assembly beside the program.
        foreach (var file in Directory.GetFiles(AppContext.BaseDirectory, "*.dll").Append(Path.Combine(AppContext.BaseDirectory, "controlnet.runtimeconfig.json")))
        {
            File.Copy(file, _folder[Path.GetFileName(file)]);
        }

        var start = new ProcessStartInfo("dotnet", [_folder["controlnet.dll"], "doctor"]) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["CONTROLNETSHARP_LIBTORCH"] = libtorch;
        using var process = Process.Start(start)!;
        // Emptied, so that a full pipe does not stop it.
        process.BeginOutputReadLine();
        var message = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, message);
    }
}
