using System.Runtime.InteropServices;

namespace ControlNetSharp.PocketTraining;

/// <summary>Keeps freed memory in the process: a training step frees and asks for the same blocks again, and page faults would take 7 to 16 % of its time.</summary>
internal static partial class TunedMalloc
{
    // Numbers of glibc's mallopt(3).
    private const int TrimThreshold = -1;
    private const int TopPad = -2;
    private const int MmapMax = -4;
    private const int ArenaMax = -8;

    public static void Apply()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Mallopt(ArenaMax, PocketModel.Workers + 1) & Mallopt(MmapMax, 0) & Mallopt(TrimThreshold, int.MaxValue) & Mallopt(TopPad, 256 << 20);
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int Mallopt(int parameter, int value);
}
