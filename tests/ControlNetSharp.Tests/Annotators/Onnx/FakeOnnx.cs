using ControlNetSharp.Annotators.Onnx;

namespace ControlNetSharp.Tests.Annotators.Onnx;

/// <summary>A model that keeps what it was given, and gives what it was told to.</summary>
internal sealed class FakeOnnx(IReadOnlyList<int?> input, params OnnxTensor[] outputs) : IOnnxModel
{
    /// <summary>What it was run with.</summary>
    public List<OnnxTensor> Given { get; } = [];

    public string File => "fake.onnx";

    public OnnxPort Input { get; } = new("input", input);

    public IReadOnlyList<OnnxPort> Outputs { get; } = [.. outputs.Select((output, i) => new OnnxPort($"output{i}", [.. output.Shape.Select(side => (int?)side)]))];

    public IReadOnlyList<OnnxTensor> Run(OnnxTensor input)
    {
        Given.Add(input);
        return outputs;
    }

    public void Dispose() { }
}
