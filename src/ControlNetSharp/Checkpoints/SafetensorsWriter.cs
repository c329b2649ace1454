using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// Writes safetensors files: to a temporary name first, flushed to the disk, then renamed, so that a kill at any moment
/// leaves the old file or the new one.
/// </summary>
internal static class SafetensorsWriter
{
    /// <summary>Writes <paramref name="tensors"/>, in name order, with their own types.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">Tensors by name, on any device. Borrowed.</param>
    /// <param name="metadata">Texts for the header's <c>__metadata__</c>.</param>
    /// <param name="replaces">
    /// Whether an existing file is replaced; where not, of several programs that write it only one does.
    /// </param>
    /// <exception cref="ArgumentException">A tensor's type cannot be stored.</exception>
    /// <exception cref="FileTakenException">There is such a file, and it is not to be replaced.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(
        string path,
        IEnumerable<KeyValuePair<string, Tensor>> tensors,
        IReadOnlyDictionary<string, string>? metadata = null,
        bool replaces = true
    ) =>
        Write(
            path,
            tensors.Select(pair => new WrittenTensor(
                pair.Key,
                SafetensorsFormat.NameOf(pair.Value.dtype),
                pair.Value.shape,
                () => pair.Value.detach().cpu().contiguous()
            )),
            metadata,
            replaces
        );

    /// <summary>
    /// The same for tensors that are made when their turn comes, so that only one of them is in memory.
    /// </summary>
    /// <inheritdoc
    /// cref="Write(string, IEnumerable{KeyValuePair{string, Tensor}}, IReadOnlyDictionary{string, string}, bool)"/>
    internal static void Write(
        string path,
        IEnumerable<WrittenTensor> tensors,
        IReadOnlyDictionary<string, string>? metadata = null,
        bool replaces = true
    )
    {
        var ordered = tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).ToList();
        WholeFile.Write(
            path,
            stream =>
            {
                stream.Write(Header(ordered, metadata));
                foreach (var tensor in ordered)
                {
                    using var scope = NewDisposeScope();
                    var data = tensor.Read();
                    stream.Write(data.numel() == 0 ? [] : data.bytes);
                }
            },
            replaces
        );
    }

    private static byte[] Header(List<WrittenTensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                writer.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    writer.WriteString(key, value);
                }

                writer.WriteEndObject();
            }

            var offset = 0L;
            foreach (var tensor in tensors)
            {
                var end = offset + tensor.Bytes;
                writer.WriteStartObject(tensor.Name);
                writer.WriteString("dtype", tensor.Dtype);
                writer.WriteStartArray("shape");
                foreach (var size in tensor.Shape)
                {
                    writer.WriteNumberValue(size);
                }

                writer.WriteEndArray();
                writer.WriteStartArray("data_offsets");
                writer.WriteNumberValue(offset);
                writer.WriteNumberValue(end);
                writer.WriteEndArray();
                writer.WriteEndObject();
                offset = end;
            }

            writer.WriteEndObject();
        }

        // Data starts at a multiple of 8 bytes, as the original writer pads it.
        var length = (json.WrittenCount + 7) / 8 * 8;
        var header = new byte[8 + length];
        header.AsSpan(8).Fill((byte)' ');
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)length);
        json.WrittenSpan.CopyTo(header.AsSpan(8));
        return header;
    }
}

/// <summary>A tensor to be written.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Dtype">Element type in the format's words.</param>
/// <param name="Shape">Sizes, outermost first.</param>
/// <param name="Read">Gives a contiguous tensor on the CPU whose bytes are those of the elements; called once.</param>
internal sealed record WrittenTensor(string Name, string Dtype, IReadOnlyList<long> Shape, Func<Tensor> Read)
{
    /// <summary>How many bytes it takes.</summary>
    public long Bytes =>
        Shape.Aggregate((long)SafetensorsFormat.BytesOf(Dtype)!.Value, (product, size) => product * size);
}
