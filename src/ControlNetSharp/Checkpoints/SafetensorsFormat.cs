using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>Names and sizes of the element types of a safetensors file. Source: huggingface/safetensors, README, "Format".</summary>
internal static class SafetensorsFormat
{
    /// <summary>Longest header that is read, in bytes: the limit of the original implementation.</summary>
    public const int HeaderLimit = 100_000_000;

    private static readonly (string Name, int Bytes, ScalarType? Type)[] Types =
    [
        ("F32", 4, ScalarType.Float32), ("BF16", 2, ScalarType.BFloat16), ("F16", 2, ScalarType.Float16), ("F64", 8, ScalarType.Float64),
        ("I64", 8, ScalarType.Int64), ("I32", 4, ScalarType.Int32), ("I16", 2, ScalarType.Int16), ("I8", 1, ScalarType.Int8),
        ("U8", 1, ScalarType.Byte), ("BOOL", 1, ScalarType.Bool),
        // Stored by others, read by nobody here yet: known so that their sizes can be checked.
        ("F8_E4M3", 1, null), ("F8_E5M2", 1, null), ("U16", 2, null), ("U32", 4, null), ("U64", 8, null),
    ];

    /// <summary>Bytes of one element, or null where the name is not one of the format's.</summary>
    public static int? BytesOf(string name) => Array.Find(Types, type => type.Name == name) is { Name: not null } found ? found.Bytes : null;

    /// <summary>The tensor type, or null where this library has none for it.</summary>
    public static ScalarType? TypeOf(string name) => Array.Find(Types, type => type.Name == name).Type;

    /// <summary>Whether weights can be of this type: floating-point numbers that can be read here.</summary>
    public static bool CanBeWeights(string name) => TypeOf(name) is ScalarType.Float32 or ScalarType.BFloat16 or ScalarType.Float16 or ScalarType.Float64;

    /// <summary>The format's name of a tensor type.</summary>
    /// <exception cref="ArgumentException">The format has no such type.</exception>
    public static string NameOf(ScalarType type) => Array.Find(Types, entry => entry.Type == type).Name
        ?? throw new ArgumentException($"safetensors cannot store tensors of type {type}.", nameof(type));
}
