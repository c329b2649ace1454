using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace ControlNetSharp.Checkpoints.Torch;

/// <summary>
/// The bytes of a pickle from front to back: numbers, texts and lines. Nothing is taken that is not there, whatever
/// lengths they say.
/// </summary>
/// <param name="bytes">The pickle; more may follow.</param>
internal ref struct PickleInput(ReadOnlySpan<byte> bytes)
{
    private const int LongestLine = 1 << 16;
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Bytes that were read.</summary>
    public int Position { get; private set; }

    /// <summary>Reads what an operation puts on the stack by itself: a number, a text, nothing.</summary>
    /// <param name="operation">The operation, which was read.</param>
    /// <param name="value">What it puts there.</param>
    /// <returns>Whether it is such an operation.</returns>
    public bool TryScalar(char operation, out object? value)
    {
        switch (operation)
        {
            case 'N':
                value = null;
                break;
            case '\x88':
                value = true;
                break;
            case '\x89':
                value = false;
                break;
            case 'K':
                value = (long)Byte();
                break;
            case 'M':
                value = (long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2));
                break;
            case 'J':
                value = (long)BinaryPrimitives.ReadInt32LittleEndian(Take(4));
                break;
            case '\x8a':
                value = Integer(Take(Byte()));
                break;
            case '\x8b':
                value = Integer(Take(BinaryPrimitives.ReadInt32LittleEndian(Take(4))));
                break;
            case 'G':
                value = BinaryPrimitives.ReadDoubleBigEndian(Take(8));
                break;
            case 'I':
                value = Line() is var flag && flag is "00" or "01" ? flag == "01" : Integer(flag);
                break;
            case 'L':
                value = Integer(Line().TrimEnd('L'));
                break;
            case 'F':
                value = double.TryParse(Line(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                    ? number
                    : throw new FormatException("a number is not one");
                break;
            case 'S':
                value = Line().Trim('\'', '"');
                break;
            case 'V':
                value = Line();
                break;
            case 'U':
                value = Text(Byte());
                break;
            case 'T':
                value = Text(BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
                break;
            case '\x8c':
                value = Text(Byte());
                break;
            case 'X':
                value = Text(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)));
                break;
            case '\x8d':
                value = Text(BinaryPrimitives.ReadInt64LittleEndian(Take(8)));
                break;
            case 'C':
                value = Bytes(Byte());
                break;
            case 'B':
                value = Bytes(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)));
                break;
            case '\x8e' or '\x96':
                value = Bytes(BinaryPrimitives.ReadInt64LittleEndian(Take(8)));
                break;
            default:
                value = null;
                return false;
        }

        return true;
    }

    /// <summary>The next byte.</summary>
    public byte Byte() => Take(1)[0];

    /// <summary>The next bytes.</summary>
    /// <exception cref="FormatException">There are not as many.</exception>
    public ReadOnlySpan<byte> Take(long count)
    {
        if (count < 0 || count > _bytes.Length - Position)
        {
            throw new FormatException(
                $"it ends at byte {_bytes.Length}, where {count} more should follow after byte {Position}"
            );
        }

        var taken = _bytes.Slice(Position, (int)count);
        Position += (int)count;
        return taken;
    }

    private string Text(long count) => Encoding.UTF8.GetString(Take(count));

    private OpaqueValue Bytes(long count)
    {
        Take(count);
        return OpaqueValue.Instance;
    }

    /// <summary>The next line, without its end.</summary>
    public string Line()
    {
        var rest = _bytes[Position..];
        var end = rest[..Math.Min(rest.Length, LongestLine)].IndexOf((byte)'\n');
        if (end < 0)
        {
            throw new FormatException($"the line at byte {Position} has no end");
        }

        var line = Text(end);
        Position++;
        return line;
    }

    /// <summary>
    /// A whole number of any length, least significant byte first; those beyond 64 bits matter to nobody here.
    /// </summary>
    private static object Integer(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 8)
        {
            return OpaqueValue.Instance;
        }

        Span<byte> padded = stackalloc byte[8];
        padded.Fill(bytes.Length > 0 && bytes[^1] >= 0x80 ? (byte)0xFF : (byte)0);
        bytes.CopyTo(padded);
        return BinaryPrimitives.ReadInt64LittleEndian(padded);
    }

    private static object Integer(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : OpaqueValue.Instance;

    /// <summary>The number of a remembered value.</summary>
    public static long Index(string text) =>
        Integer(text) is long index and >= 0 ? index : throw new FormatException("a value's index is not a number");
}
