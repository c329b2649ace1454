using System.Runtime.InteropServices;

namespace ControlNetSharp.Runtime;

/// <summary>What native code has allocated and not freed, to the byte, where glibc tells.</summary>
internal static partial class AllocatedMemory
{
    /// <summary>
    /// Bytes in use, all arenas and mapped blocks together; null on systems without glibc's mallinfo2(3).
    /// </summary>
    public static long? Bytes
    {
        get
        {
            if (!OperatingSystem.IsLinux())
            {
                return null;
            }

            try
            {
                var info = Mallinfo2();
                return (long)(info.InUse + info.Mapped);
            }
            catch (EntryPointNotFoundException)
            {
                return null;
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "mallinfo2")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial Info Mallinfo2();

    /// <summary>The structure of mallinfo2; only two of its numbers are wanted.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Info
    {
        public nuint Arena,
            FreeBlocks,
            FastBlocks,
            MappedBlocks,
            Mapped,
            Unused,
            FastFree,
            InUse,
            Free,
            Top;
    }
}
