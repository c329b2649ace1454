using System.Buffers.Binary;
using System.Text.Json;

namespace ControlNetSharp.Tests.Checkpoints;

/// <summary>Files of which only names and shapes count: their weights are a hole that takes no room on the disk.</summary>
internal static class NamedShapes
{
    /// <summary>Writes a safetensors file in 16-bit floats.</summary>
    public static string Write(string path, IReadOnlyDictionary<string, long[]> shapes, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var end = 0L;
        var header = new Dictionary<string, object> { ["__metadata__"] = metadata ?? new Dictionary<string, string>() };
        foreach (var (name, shape) in shapes)
        {
            var start = end;
            end += 2 * shape.Aggregate(1L, (a, b) => a * b);
            header[name] = new { dtype = "F16", shape, data_offsets = new[] { start, end } };
        }

        var json = JsonSerializer.SerializeToUtf8Bytes(header);
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        using var file = File.Create(path);
        file.Write(length);
        file.Write(json);
        file.SetLength(file.Position + end);
        return path;
    }

    /// <summary>The shapes of a golden key manifest.</summary>
    public static Dictionary<string, long[]> OfManifest(string file) =>
        Goldens.Manifest(file).GetProperty("keys").EnumerateObject().ToDictionary(key => key.Name, key => key.Value.EnumerateArray().Select(side => side.GetInt64()).ToArray());
}
