using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace ControlNetSharp.Annotators.DepthMaps;

/// <summary>How one number of a depth map lies in its file.</summary>
/// <param name="Letter">
/// As NumPy writes it: f for floats, u for whole numbers without and i for those with a sign.
/// </param>
/// <param name="Size">Bytes a number.</param>
/// <param name="IsBig">Whether the highest byte comes first.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SampleType(char Letter, int Size, bool IsBig)
{
    /// <summary>The types that are read, for messages. Those of one byte are too coarse for depth.</summary>
    public const string Known =
        "float16 (f2), float32 (f4), float64 (f8) and whole numbers of 16 to 64 bits (u2, u4, u8, i2, i4, i8)";

    /// <summary>Whether it is one of the types that are read.</summary>
    public bool IsKnown => Letter is 'f' or 'u' or 'i' && Size is 2 or 4 or 8;

    /// <summary>Whether its numbers are whole.</summary>
    public bool IsWhole => Letter != 'f';

    /// <summary>The number at the beginning of bytes.</summary>
    public float Read(ReadOnlySpan<byte> at) =>
        (Letter, Size) switch
        {
            ('f', 2) => Single(
                IsBig ? BinaryPrimitives.ReadHalfBigEndian(at) : BinaryPrimitives.ReadHalfLittleEndian(at)
            ),
            ('f', 4) => IsBig ? BinaryPrimitives.ReadSingleBigEndian(at) : BinaryPrimitives.ReadSingleLittleEndian(at),
            ('f', _) => (float)(
                IsBig ? BinaryPrimitives.ReadDoubleBigEndian(at) : BinaryPrimitives.ReadDoubleLittleEndian(at)
            ),
            ('u', 2) => IsBig ? BinaryPrimitives.ReadUInt16BigEndian(at) : BinaryPrimitives.ReadUInt16LittleEndian(at),
            ('u', 4) => IsBig ? BinaryPrimitives.ReadUInt32BigEndian(at) : BinaryPrimitives.ReadUInt32LittleEndian(at),
            ('u', _) => IsBig ? BinaryPrimitives.ReadUInt64BigEndian(at) : BinaryPrimitives.ReadUInt64LittleEndian(at),
            (_, 2) => IsBig ? BinaryPrimitives.ReadInt16BigEndian(at) : BinaryPrimitives.ReadInt16LittleEndian(at),
            (_, 4) => IsBig ? BinaryPrimitives.ReadInt32BigEndian(at) : BinaryPrimitives.ReadInt32LittleEndian(at),
            _ => IsBig ? BinaryPrimitives.ReadInt64BigEndian(at) : BinaryPrimitives.ReadInt64LittleEndian(at),
        };

    /// <summary>So many numbers, one after the other.</summary>
    public float[] ReadAll(ReadOnlySpan<byte> data, int count)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = Read(data[(i * Size)..]);
        }

        return values;
    }

    /// <summary>
    /// A renderer's "nothing there" (1e10 or more) becomes the largest half, so that one means the same.
    /// </summary>
    private static float Single(Half value) => value >= Half.MaxValue ? float.PositiveInfinity : (float)value;
}
