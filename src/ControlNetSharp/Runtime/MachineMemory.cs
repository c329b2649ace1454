using System.Diagnostics;
using System.Globalization;

namespace ControlNetSharp.Runtime;

/// <summary>Memory of this process and machine, in bytes.</summary>
internal static class MachineMemory
{
    /// <summary>The most physical memory that the process has held so far (VmHWM on Linux).</summary>
    public static long PeakBytes
    {
        get
        {
            if (!OperatingSystem.IsLinux())
            {
                using var process = Process.GetCurrentProcess();
                return process.PeakWorkingSet64;
            }

            var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            return long.Parse(
                    line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1],
                    CultureInfo.InvariantCulture
                ) * 1024;
        }
    }

    /// <summary>Physical memory that this process may use.</summary>
    public static long TotalBytes => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
}
