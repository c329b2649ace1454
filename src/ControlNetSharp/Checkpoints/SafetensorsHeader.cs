using System.Buffers.Binary;
using System.Text.Json;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// Reads and checks the header of a safetensors file: 8 bytes of little-endian length, then JSON. Everything in it is
/// taken for hostile.
/// </summary>
internal static class SafetensorsHeader
{
    /// <summary>Reads the header from the start of <paramref name="stream"/>.</summary>
    /// <returns>The tensors by name, the metadata, and the file offset at which the data begins.</returns>
    /// <exception cref="CheckpointException">A length, type, shape or offset does not fit the file.</exception>
    public static (
        Dictionary<string, SafetensorsEntry> Entries,
        Dictionary<string, string> Metadata,
        long DataOffset
    ) Read(Stream stream, string file)
    {
        Span<byte> prefix = stackalloc byte[8];
        if (stream.Length < 8)
        {
            throw new CheckpointException(
                file,
                $"not a safetensors file: {stream.Length} bytes, while the header length alone takes 8."
            );
        }

        stream.ReadExactly(prefix);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length < 2 || length > SafetensorsFormat.HeaderLimit || (long)length > stream.Length - 8)
        {
            throw new CheckpointException(
                file,
                $"not a whole safetensors file: the header should have {length} bytes; the file has "
                    + $"{stream.Length - 8} after the length field, and at most {SafetensorsFormat.HeaderLimit} are "
                    + "allowed."
            );
        }

        var json = new byte[length];
        stream.ReadExactly(json);
        var dataOffset = 8 + (long)length;
        try
        {
            var (entries, metadata) = Parse(json, file, stream.Length - dataOffset);
            return (entries, metadata, dataOffset);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new CheckpointException(
                file,
                $"the safetensors header is not the JSON that it should be: {e.Message}",
                innerException: e
            );
        }
    }

    private static (Dictionary<string, SafetensorsEntry> Entries, Dictionary<string, string> Metadata) Parse(
        byte[] json,
        string file,
        long dataBytes
    )
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8 });
        var entries = new Dictionary<string, SafetensorsEntry>(StringComparer.Ordinal);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in document.RootElement.EnumerateObject())
        {
            if (property.Name == "__metadata__")
            {
                foreach (var item in property.Value.EnumerateObject())
                {
                    metadata[item.Name] = item.Value.GetString() ?? "";
                }
            }
            else if (!entries.TryAdd(property.Name, ParseEntry(property, file, dataBytes)))
            {
                throw new CheckpointException(file, $"the tensor '{property.Name}' is listed twice.", [property.Name]);
            }
        }

        CheckOverlap(entries, file);
        return (entries, metadata);
    }

    private static SafetensorsEntry ParseEntry(JsonProperty property, string file, long dataBytes)
    {
        if (
            !property.Value.TryGetProperty("dtype", out var type)
            || !property.Value.TryGetProperty("shape", out var sizes)
            || !property.Value.TryGetProperty("data_offsets", out var offsets)
            || offsets.GetArrayLength() != 2
        )
        {
            throw new CheckpointException(
                file,
                $"the tensor '{property.Name}' lacks dtype, shape or data_offsets.",
                [property.Name]
            );
        }

        var dtype = type.GetString() ?? "";
        var shape = sizes.EnumerateArray().Select(size => size.GetInt64()).ToArray();
        var (begin, end) = (offsets[0].GetInt64(), offsets[1].GetInt64());
        var bytes =
            SafetensorsFormat.BytesOf(dtype)
            ?? throw new CheckpointException(
                file,
                $"the tensor '{property.Name}' has the unknown dtype '{dtype}'.",
                [property.Name]
            );
        if (begin < 0 || end < begin || end > dataBytes)
        {
            throw new CheckpointException(
                file,
                $"the tensor '{property.Name}' should lie at bytes {begin} to {end}; the file has {dataBytes} bytes of "
                    + "data (is it truncated?).",
                [property.Name]
            );
        }

        // Int128: the product of hostile sizes must not wrap into the right number.
        var expected = shape.Aggregate(
            (Int128)bytes,
            (product, size) => size < 0 || product > long.MaxValue ? (Int128)(-1) : product * size
        );
        if (expected != end - begin || (expected == 0 && !SafetensorsFormat.CanBeEmpty(shape)))
        {
            throw new CheckpointException(
                file,
                $"the tensor '{property.Name}' of shape [{string.Join(", ", shape)}] and dtype {dtype} does not fill "
                    + $"the {end - begin} bytes that it is given.",
                [property.Name]
            );
        }

        return new SafetensorsEntry(dtype, shape, begin, end);
    }

    private static void CheckOverlap(Dictionary<string, SafetensorsEntry> entries, string file)
    {
        var (previous, end) = ("", 0L);
        foreach (
            var (name, entry) in entries
                .Where(entry => entry.Value.End > entry.Value.Begin)
                .OrderBy(entry => entry.Value.Begin)
        )
        {
            if (entry.Begin < end)
            {
                throw new CheckpointException(
                    file,
                    $"the tensors '{previous}' and '{name}' overlap.",
                    [previous, name]
                );
            }

            (previous, end) = (name, entry.End);
        }
    }
}
