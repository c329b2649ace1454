using System.Runtime.InteropServices;

namespace ControlNetSharp.Runtime;

/// <summary>
/// Keeps freed memory in the process: a training step frees and asks for the same blocks again, and page faults would
/// take 7 to 16 % of its time.
/// </summary>
internal static partial class AllocatorTuning
{
    // Numbers of glibc's mallopt(3).
    private const int TrimThreshold = -1;
    private const int TopPad = -2;
    private const int MmapMax = -4;
    private const int ArenaMax = -8;

    /// <summary>
    /// Changes glibc's malloc for the rest of the process; does nothing on other systems. Call it before tensors are
    /// made.
    /// </summary>
    /// <param name="threads">Threads that will compute side by side, 1 or more.</param>
    public static void KeepFreedMemory(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        if (OperatingSystem.IsLinux())
        {
            _ =
                Mallopt(ArenaMax, threads + 1)
                & Mallopt(MmapMax, 0)
                & Mallopt(TrimThreshold, int.MaxValue)
                & Mallopt(TopPad, 256 << 20);
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Mallopt(int parameter, int value);
}
