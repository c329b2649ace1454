using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using TorchSharp;

namespace ControlNetSharp.Runtime;

/// <summary>
/// Loads libtorch and TorchSharp's own native library before TorchSharp looks for them, so that a plain <c>dotnet
/// run</c> works,
/// on systems whose libstdc++ is older than GCC 13 (Debian 12, Ubuntu 22.04) too.
/// </summary>
/// <remarks>
/// <c>libLibTorchSharp.so</c> asks for the symbol version GLIBCXX_3.4.32 for one symbol that it never calls. Where the
/// system lacks that version,
/// a copy of the file in the user's cache, with this need marked weak, is loaded instead (from the temporary folder,
/// where the cache cannot be written). The application's files are never changed.
/// The environment variable CONTROLNETSHARP_LIBTORCH names a folder whose libtorch is used in place of the
/// application's, such as <c>torch/lib</c> of a Python PyTorch with CUDA.
/// </remarks>
internal static class NativeLibraries
{
    private const string TorchSharpLibrary = "libLibTorchSharp.so";
    private const string NewerSymbolVersion = "GLIBCXX_3.4.32";

    /// <summary>
    /// Environment variable: a folder with the shared libraries of a libtorch that is used in place of the
    /// application's own, such as that of a Python PyTorch for CUDA.
    /// </summary>
    private const string FolderVariable = "CONTROLNETSHARP_LIBTORCH";

    // libc10's variable, 2 for errors only: without it every small float32 convolution complains on standard error that
    // NNPACK lacks this processor.
    private const string LogLevel = "FLAGS_caffe2_log_level";
    private const int ErrorsOnly = 2;
    private static readonly Lock Gate = new();
    private static readonly List<string> Attempts = [];
    private static nint _handle;

    /// <summary>
    /// Every native file that was tried, in order, with the loader's own words where it failed. Empty where the
    /// system's loader did everything.
    /// </summary>
    public static IReadOnlyList<string> LoadLog
    {
        get
        {
            lock (Gate)
            {
                return [.. Attempts];
            }
        }
    }

    /// <summary>
    /// Loads the native libraries now, if they are not loaded yet, and finds out whether they convolve rightly
    /// (<see cref="ConvolutionCheck"/>).
    /// </summary>
    /// <exception cref="RuntimeUnavailableException">
    /// They cannot be loaded; the message lists each candidate with the loader's own words.
    /// </exception>
    public static void EnsureLoaded()
    {
        // Asked first: TorchSharp's own fallback would copy all of libtorch beside the application before it gives up.
        if (OperatingSystem.IsLinux() && Resolve(TorchSharpLibrary) == 0)
        {
            throw Unavailable(null);
        }

        try
        {
            torch.InitializeDeviceType(DeviceType.CPU);
        }
        catch (Exception e)
            when (e
                    is NotSupportedException
                        or TypeInitializationException
                        or DllNotFoundException
                        or BadImageFormatException
            )
        {
            throw Unavailable(e);
        }

        // Before anything else convolves, since oneDNN keeps what it has made for a shape.
        _ = ConvolutionCheck.Report;
    }

    private static RuntimeUnavailableException Unavailable(Exception? cause)
    {
        var tried = LoadLog;
        return new RuntimeUnavailableException(
            "libtorch could not be loaded. Reference the package ControlNetSharp.Cpu, or libtorch-cuda for a GPU, in "
                + "the application."
                + (
                    tried.Count == 0
                        ? $" No {TorchSharpLibrary} was found in: {string.Join(", ", SearchFolders())}."
                        : " Tried:\n  " + string.Join("\n  ", tried)
                ),
            cause
        );
    }

    // A library user's program has no other moment before TorchSharp's static constructor runs.
#pragma warning disable CA2255
    [ModuleInitializer]
    internal static void Register()
#pragma warning restore CA2255
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        // TorchSharp's P/Invokes ask the import resolver; the NativeLibrary.TryLoad of its static constructor only
        // raises the context's event.
        var assembly = typeof(torch).Assembly;
        NativeLibrary.SetDllImportResolver(assembly, (name, _, _) => Resolve(name));
        AssemblyLoadContext.GetLoadContext(assembly)!.ResolvingUnmanagedDll += (_, name) => Resolve(name);
    }

    private static nint Resolve(string name)
    {
        if (name is not ("LibTorchSharp" or "libLibTorchSharp" or TorchSharpLibrary))
        {
            return 0;
        }

        lock (Gate)
        {
            if (_handle == 0 && Find(TorchSharpLibrary) is { } file)
            {
                LoadTorch(Path.GetDirectoryName(Find("libtorch_cpu.so") ?? file)!);
                _handle = TryLoad(file);
                if (_handle == 0)
                {
                    _handle = LoadTolerantCopy(file);
                }
            }

            return _handle;
        }
    }

    /// <summary>
    /// Loads what the TorchSharp library depends on by full path, since a copy of it elsewhere would not find them.
    /// </summary>
    private static void LoadTorch(string folder)
    {
        string[] names = ["libc10.so", "libc10_cuda.so", "libtorch_cpu.so", "libtorch_cuda.so", "libtorch.so"];
        foreach (
            var file in Directory
                .EnumerateFiles(folder, "libgomp*.so*")
                .Concat(names.Select(name => Path.Combine(folder, name)))
        )
        {
            if (
                File.Exists(file)
                && TryLoad(file) is not 0 and var library
                && NativeLibrary.TryGetExport(library, LogLevel, out var level)
            )
            {
                Marshal.WriteInt32(level, ErrorsOnly);
            }
        }
    }

    private static nint TryLoad(string file)
    {
        try
        {
            var handle = NativeLibrary.Load(file);
            Attempts.Add($"{file}: loaded");
            return handle;
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            Attempts.Add($"{file}: {e.Message.Trim()}");
            return 0;
        }
    }

    private static nint LoadTolerantCopy(string file)
    {
        var bytes = File.ReadAllBytes(file);
        if (!ElfVersionNeeds.MarkWeak(bytes, NewerSymbolVersion))
        {
            return 0;
        }

        var info = new FileInfo(file);
        var folder = Path.Combine(CacheFolder(), $"torchsharp-{info.Length:x}-{info.LastWriteTimeUtc.Ticks:x}");
        try
        {
            return TryLoad(Write(bytes, folder));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Attempts.Add($"{folder}: {e.Message}");
        }

        try
        {
            // A new folder that nobody else can have put a library into; a loaded library does not need its file any
            // more.
            var temporary = Directory.CreateTempSubdirectory("controlnetsharp");
            var handle = TryLoad(Write(bytes, temporary.FullName));
            temporary.Delete(recursive: true);
            return handle;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Attempts.Add($"{Path.GetTempPath()}: {e.Message}");
            return 0;
        }
    }

    private static string Write(byte[] bytes, string folder)
    {
        var copy = Path.Combine(folder, TorchSharpLibrary);
        if (!File.Exists(copy) || new FileInfo(copy).Length != bytes.Length)
        {
            Directory.CreateDirectory(folder);
            var temporary = $"{copy}.{Environment.ProcessId}.tmp";
            File.WriteAllBytes(temporary, bytes);
            File.Move(temporary, copy, overwrite: true);
        }

        return copy;
    }

    private static string CacheFolder()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var cache =
            Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } set ? set
            : home.Length > 0 ? Path.Combine(home, ".cache")
            : Path.Combine(Path.GetTempPath(), "cache-" + Environment.UserName);
        return Path.Combine(cache, "controlnetsharp", "native");
    }

    private static string? Find(string file) =>
        SearchFolders().Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists);

    private static IEnumerable<string> SearchFolders()
    {
        var folders = new List<string> { AppContext.BaseDirectory };
        if (Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } chosen)
        {
            folders.Insert(0, Path.GetFullPath(chosen));
        }

        if (Path.GetDirectoryName(typeof(torch).Assembly.Location) is { Length: > 0 } beside)
        {
            folders.Add(beside);
        }

        folders.AddRange(
            folders
                .Select(folder => Path.Combine(folder, "runtimes", RuntimeInformation.RuntimeIdentifier, "native"))
                .ToList()
        );
        if (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") is string search)
        {
            folders.AddRange(search.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries));
        }

        return folders.Distinct();
    }
}
