using System.Buffers.Binary;
using System.Text;

namespace ControlNetSharp.Tests.Annotators.Onnx;

/// <summary>
/// Writes small ONNX models: the protocol buffers of onnx.proto (ModelProto and what is in it) with the few fields that
/// a runtime needs. Source: onnx/onnx.proto3, IR version 8, operator set 13.
/// </summary>
internal sealed class TinyOnnx
{
    private const int Float = 1;
    private readonly List<byte[]> _nodes = [];
    private readonly List<byte[]> _constants = [];
    private readonly List<byte[]> _inputs = [];
    private readonly List<byte[]> _outputs = [];

    /// <summary>An input of floats; free sizes are null.</summary>
    public TinyOnnx Input(string name, params long?[] shape) => Add(_inputs, ValueInfo(name, shape));

    /// <summary>An output of floats; free sizes are null.</summary>
    public TinyOnnx Output(string name, params long?[] shape) => Add(_outputs, ValueInfo(name, shape));

    /// <summary>Numbers that are stored in the model.</summary>
    public TinyOnnx Constant(string name, float[] values, params long[] shape) =>
        Add(_constants, [.. shape.SelectMany(side => Number(1, side)), .. Number(2, Float), .. Text(8, name), .. Bytes(9, Raw(values))]);

    /// <summary>A node of one operator.</summary>
    /// <param name="operation">Such as Identity.</param>
    /// <param name="inputs">Names of inputs, constants or other nodes' outputs.</param>
    /// <param name="output">The name of what it gives.</param>
    /// <param name="numbers">Attributes that are lists of whole numbers.</param>
    public TinyOnnx Node(string operation, string[] inputs, string output, params (string Name, long[] Values)[] numbers) =>
        Add(_nodes,
        [
            .. inputs.SelectMany(input => Text(1, input)), .. Text(2, output), .. Text(4, operation),
            .. numbers.SelectMany(attribute => Bytes(5, [.. Text(1, attribute.Name), .. attribute.Values.SelectMany(value => Number(8, value)), .. Number(20, 7)])),
        ]);

    public void Write(string path) => File.WriteAllBytes(path,
    [
        .. Number(1, 8),
        .. Bytes(7,
        [
            .. _nodes.SelectMany(node => Bytes(1, node)), .. Text(2, "tiny"), .. _constants.SelectMany(constant => Bytes(5, constant)),
            .. _inputs.SelectMany(input => Bytes(11, input)), .. _outputs.SelectMany(output => Bytes(12, output)),
        ]),
        .. Bytes(8, Number(2, 13)),
    ]);

    private static byte[] ValueInfo(string name, long?[] shape)
    {
        var sides = shape.SelectMany(side => Bytes(1, side is { } length ? Number(1, length) : Text(2, "free"))).ToArray();
        return [.. Text(1, name), .. Bytes(2, Bytes(1, [.. Number(1, Float), .. Bytes(2, sides)]))];
    }

    private static byte[] Raw(float[] values)
    {
        var bytes = new byte[4 * values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), values[i]);
        }

        return bytes;
    }

    private TinyOnnx Add(List<byte[]> list, byte[] message)
    {
        list.Add(message);
        return this;
    }

    private static byte[] Number(int field, long value) => [.. Varint((ulong)field << 3), .. Varint((ulong)value)];

    private static byte[] Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

    private static byte[] Bytes(int field, byte[] bytes) => [.. Varint((ulong)field << 3 | 2), .. Varint((ulong)bytes.Length), .. bytes];

    private static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value > 127; value >>= 7)
        {
            bytes.Add((byte)(value & 127 | 128));
        }

        bytes.Add((byte)value);
        return [.. bytes];
    }
}
