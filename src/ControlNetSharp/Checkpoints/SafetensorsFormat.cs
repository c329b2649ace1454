using System.Buffers.Binary;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// Names and sizes of the element types of a safetensors file. Source: huggingface/safetensors, README, "Format".
/// </summary>
internal static class SafetensorsFormat
{
    /// <summary>Longest header that is read, in bytes: the limit of the original implementation.</summary>
    public const int HeaderLimit = 100_000_000;

    private const long LargestEmpty = 1L << 48;

    private static readonly (string Name, int Bytes, ScalarType? Type)[] Types =
    [
        ("F32", 4, ScalarType.Float32),
        ("BF16", 2, ScalarType.BFloat16),
        ("F16", 2, ScalarType.Float16),
        ("F64", 8, ScalarType.Float64),
        ("I64", 8, ScalarType.Int64),
        ("I32", 4, ScalarType.Int32),
        ("I16", 2, ScalarType.Int16),
        ("I8", 1, ScalarType.Int8),
        ("U8", 1, ScalarType.Byte),
        ("BOOL", 1, ScalarType.Bool),
        // Without a counterpart in TorchSharp: decoded here to the next wider type.
        (Float8.E4M3, 1, null),
        (Float8.E5M2, 1, null),
        ("U16", 2, null),
        ("U32", 4, null),
        ("U64", 8, null),
    ];

    /// <summary>Bytes of one element, or null where the name is not one of the format's.</summary>
    public static int? BytesOf(string name) =>
        Array.Find(Types, type => type.Name == name) is { Name: not null } found ? found.Bytes : null;

    /// <summary>The tensor type that has the same bytes, or null where this library has none.</summary>
    public static ScalarType? TypeOf(string name) => Array.Find(Types, type => type.Name == name).Type;

    /// <summary>
    /// The tensor type that elements are read as: their own, or the next wider one that holds all their values.
    /// </summary>
    public static ScalarType ReadTypeOf(string name) =>
        TypeOf(name)
        ?? name switch
        {
            Float8.E4M3 or Float8.E5M2 => ScalarType.Float32,
            "U16" => ScalarType.Int32,
            _ => ScalarType.Int64,
        };

    /// <summary>
    /// Whether libtorch can have a tensor of this shape, one size of which is 0: its products over the other sizes must
    /// stay inside 64 bits.
    /// </summary>
    public static bool CanBeEmpty(IEnumerable<long> shape) =>
        shape.Aggregate((Int128)1, (product, size) => product > LargestEmpty ? product : product * Math.Max(size, 1))
        <= LargestEmpty;

    /// <summary>An integer type of the same size: for moving elements about without looking at them.</summary>
    public static ScalarType RawTypeOf(string name) =>
        BytesOf(name) switch
        {
            1 => ScalarType.Byte,
            2 => ScalarType.Int16,
            4 => ScalarType.Int32,
            _ => ScalarType.Int64,
        };

    /// <summary>Elements of a type that TorchSharp lacks, as <see cref="ReadTypeOf"/> on the CPU.</summary>
    /// <exception cref="OverflowException">
    /// A 64-bit number without sign is above the largest one with a sign.
    /// </exception>
    public static Tensor Decode(string name, ReadOnlySpan<byte> bytes)
    {
        var count = bytes.Length / BytesOf(name)!.Value;
        var result = empty([count], dtype: ReadTypeOf(name), device: CPU);
        var target = result.bytes;
        for (var i = 0; i < count; i++)
        {
            switch (name)
            {
                case Float8.E4M3 or Float8.E5M2:
                    MemoryMarshal.Cast<byte, float>(target)[i] = Float8.Decode(name, bytes[i]);
                    break;
                case "U16":
                    MemoryMarshal.Cast<byte, int>(target)[i] = BinaryPrimitives.ReadUInt16LittleEndian(
                        bytes[(i * 2)..]
                    );
                    break;
                case "U32":
                    MemoryMarshal.Cast<byte, long>(target)[i] = BinaryPrimitives.ReadUInt32LittleEndian(
                        bytes[(i * 4)..]
                    );
                    break;
                default:
                    MemoryMarshal.Cast<byte, long>(target)[i] = checked(
                        (long)BinaryPrimitives.ReadUInt64LittleEndian(bytes[(i * 8)..])
                    );
                    break;
            }
        }

        return result;
    }

    /// <summary>Whether weights can be of this type: floating-point numbers.</summary>
    public static bool CanBeWeights(string name) =>
        BytesOf(name) is not null
        && ReadTypeOf(name) is ScalarType.Float32 or ScalarType.BFloat16 or ScalarType.Float16 or ScalarType.Float64;

    /// <summary>The format's name of a tensor type.</summary>
    /// <exception cref="ArgumentException">The format has no such type.</exception>
    public static string NameOf(ScalarType type) =>
        Array.Find(Types, entry => entry.Type == type).Name
        ?? throw new ArgumentException($"safetensors cannot store tensors of type {type}.", nameof(type));
}
