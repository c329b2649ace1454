using System.Buffers.Binary;
using System.Text;
using ControlNetSharp.Runtime;
using Xunit;

namespace ControlNetSharp.Tests.Runtime;

public class ElfVersionNeedsTests
{
    private const int Sections = 64;
    private const int SectionSize = 64;
    private const int Strings = Sections + 3 * SectionSize;
    private const int Needs = Strings + 64;
    private const int EntrySize = 16;

    // The first library is needed in two versions, the second in one: a need, its entries, the next need.
    private const int FirstEntry = Needs + EntrySize;
    private const int SecondNeed = FirstEntry + 2 * EntrySize;
    private const int ThirdEntry = SecondNeed + EntrySize;

    [Theory]
    [InlineData("GLIBC_2.34", FirstEntry)]
    [InlineData("GLIBC_2.4", FirstEntry + EntrySize)]
    [InlineData("GLIBCXX_3.4.32", ThirdEntry)]
    public void MarkWeak_OfANeededVersion_ChangesTheFlagOfItsEntryAndNothingElse(string version, int entry)
    {
        var (before, after) = (Library(), Library());
        Assert.True(ElfVersionNeeds.MarkWeak(after, version));
        before[entry + 4] = 2;
        Assert.Equal(before, after);
    }

    [Theory]
    [InlineData("GLIBCXX_3.4.3")]
    [InlineData("GLIBCXX_3.4.321")]
    [InlineData("libstdc++.so.6")]
    public void MarkWeak_OfAVersionThatIsNotNeeded_ChangesNothing(string version)
    {
        var library = Library();
        Assert.False(ElfVersionNeeds.MarkWeak(library, version));
        Assert.Equal(Library(), library);
    }

    [Theory]
    [InlineData(0, 0x7e)]
    [InlineData(4, 1)]
    public void MarkWeak_OfWhatIsNoElf64File_ChangesNothing(int offset, byte value)
    {
        var library = Library();
        library[offset] = value;
        var copy = library.ToArray();
        Assert.False(ElfVersionNeeds.MarkWeak(library, "GLIBCXX_3.4.32"));
        Assert.Equal(copy, library);
        Assert.False(ElfVersionNeeds.MarkWeak(library.AsSpan(0, 63), "GLIBCXX_3.4.32"));
    }

    [Fact]
    public void MarkWeak_OfTorchSharpsOwnLibrary_ChangesOneByte()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");
        Assert.SkipUnless(File.Exists(path), $"There is no {path}.");
        var (before, after) = (File.ReadAllBytes(path), File.ReadAllBytes(path));
        Assert.True(ElfVersionNeeds.MarkWeak(after, "GLIBCXX_3.4.32"));
        var changed = Assert.Single(Enumerable.Range(0, before.Length), i => before[i] != after[i]);
        Assert.Equal(before[changed] | 2, after[changed]);
    }

    /// <summary>An ELF64 file with nothing in it but a string table and the needed versions, laid out as the Linux Standard Base has it.</summary>
    private static byte[] Library()
    {
        var bytes = new byte[ThirdEntry + EntrySize];
        void U16(int offset, int value) => BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(offset), (ushort)value);
        void U32(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(offset), value);
        void U64(int offset, int value) => BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(offset), (ulong)value);

        bytes[0] = 0x7f;
        "ELF"u8.CopyTo(bytes.AsSpan(1));
        bytes[4] = 2;
        U64(0x28, Sections);
        U16(0x3a, SectionSize);
        U16(0x3c, 3);

        // Section 1: strings.
        U32(Sections + SectionSize + 4, 3);
        U64(Sections + SectionSize + 0x18, Strings);
        // Section 2: needed versions, whose names are in section 1.
        var section = Sections + 2 * SectionSize;
        U32(section + 4, 0x6ffffffe);
        U64(section + 0x18, Needs);
        U32(section + 0x28, 1);
        U32(section + 0x2c, 2);

        var names = new[] { "libc.so.6", "GLIBC_2.34", "GLIBC_2.4", "libstdc++.so.6", "GLIBCXX_3.4.32" };
        var (places, next) = (new Dictionary<string, uint>(), 1);
        foreach (var name in names)
        {
            places[name] = (uint)next;
            Encoding.ASCII.GetBytes(name).CopyTo(bytes, Strings + next);
            next += name.Length + 1;
        }

        Need(Needs, 2, "libc.so.6", SecondNeed - Needs);
        Entry(FirstEntry, "GLIBC_2.34", EntrySize);
        Entry(FirstEntry + EntrySize, "GLIBC_2.4", 0);
        Need(SecondNeed, 1, "libstdc++.so.6", 0);
        Entry(ThirdEntry, "GLIBCXX_3.4.32", 0);
        return bytes;

        void Need(int offset, int entries, string file, int toNext)
        {
            U16(offset, 1);
            U16(offset + 2, entries);
            U32(offset + 4, places[file]);
            U32(offset + 8, EntrySize);
            U32(offset + 12, (uint)toNext);
        }

        void Entry(int offset, string version, int toNext)
        {
            U32(offset, 0xbaddcafe);
            U16(offset + 6, 5);
            U32(offset + 8, places[version]);
            U32(offset + 12, (uint)toNext);
        }
    }
}
