using System.Buffers.Binary;
using System.Text;

namespace ControlNetSharp.Runtime;

/// <summary>
/// The symbol versions that an ELF64 library needs (section <c>.gnu.version_r</c>). Source: Linux Standard Base,
/// "Symbol Version Requirements".
/// </summary>
internal static class ElfVersionNeeds
{
    private const uint SectionTypeVersionNeed = 0x6ffffffe;
    private const byte WeakFlag = 2;

    /// <summary>
    /// Marks the need for <paramref name="version"/> as weak in <paramref name="library"/>, so that a C++ runtime
    /// without this version still loads it.
    /// </summary>
    /// <returns>Whether the library needs that version, and so was changed.</returns>
    public static bool MarkWeak(Span<byte> library, string version)
    {
        if (library.Length < 64 || ReadU32(library, 0) != 0x464c457f || library[4] != 2)
        {
            return false;
        }

        var sections = (int)ReadU64(library, 0x28);
        var (sectionSize, sectionCount) = (ReadU16(library, 0x3a), ReadU16(library, 0x3c));
        var changed = false;
        for (var i = 0; i < sectionCount; i++)
        {
            var section = sections + i * sectionSize;
            if (ReadU32(library, section + 4) != SectionTypeVersionNeed)
            {
                continue;
            }

            var need = (int)ReadU64(library, section + 0x18);
            var needCount = ReadU32(library, section + 0x2c);
            var strings = (int)ReadU64(library, sections + (int)ReadU32(library, section + 0x28) * sectionSize + 0x18);
            for (var n = 0u; n < needCount; n++)
            {
                var entry = need + (int)ReadU32(library, need + 8);
                for (var e = ReadU16(library, need + 2); e > 0; e--)
                {
                    if (ReadName(library, strings + (int)ReadU32(library, entry + 8)) == version)
                    {
                        library[entry + 4] |= WeakFlag;
                        changed = true;
                    }

                    entry += (int)ReadU32(library, entry + 12);
                }

                need += (int)ReadU32(library, need + 12);
            }
        }

        return changed;
    }

    private static string ReadName(ReadOnlySpan<byte> library, int offset)
    {
        var name = library[offset..];
        return Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]);
    }

    private static ulong ReadU64(ReadOnlySpan<byte> bytes, int offset) =>
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[offset..]);

    private static uint ReadU32(ReadOnlySpan<byte> bytes, int offset) =>
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);

    private static ushort ReadU16(ReadOnlySpan<byte> bytes, int offset) =>
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[offset..]);
}
