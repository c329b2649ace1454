using System.Text.Json;
using ControlNetSharp.Checkpoints;

namespace ControlNetSharp.Tests.Checkpoints;

/// <summary>Tensors of which only name and shape count.</summary>
internal static class NamedTensors
{
    /// <summary>Tensors with the given shapes; their name in the file is the given one.</summary>
    public static Dictionary<string, StoredTensor> Of(IEnumerable<KeyValuePair<string, IReadOnlyList<long>>> shapes) =>
        shapes.ToDictionary(shape => shape.Key, shape => new StoredTensor("file", shape.Key, "F32", shape.Value, NoBytes.Instance, 0));

    /// <summary>The tensors of a key manifest.</summary>
    public static Dictionary<string, StoredTensor> OfManifest(JsonElement manifest) => Of(Shapes(manifest.GetProperty("keys")));

    /// <summary>Shapes by name.</summary>
    public static Dictionary<string, IReadOnlyList<long>> Shapes(JsonElement keys) =>
        keys.EnumerateObject().ToDictionary(p => p.Name, p => (IReadOnlyList<long>)[.. p.Value.EnumerateArray().Select(size => size.GetInt64())]);

    private sealed class NoBytes : StoredBytes
    {
        public static NoBytes Instance { get; } = new();

        public override long Length => 0;

        public override void CopyTo(long offset, Span<byte> target) => throw new NotSupportedException();
    }
}
