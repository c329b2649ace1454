using System.Globalization;

namespace ControlNetSharp.Annotators.Onnx;

/// <summary>Numbers that go into an ONNX model or come out of it.</summary>
/// <param name="Values">All of them, the last dimension innermost.</param>
/// <param name="Shape">Sizes, outermost first.</param>
internal sealed record OnnxTensor(float[] Values, IReadOnlyList<int> Shape);

/// <summary>What an ONNX model takes or gives.</summary>
/// <param name="Name">The name in the file.</param>
/// <param name="Shape">Sizes, outermost first; null where the file leaves one free.</param>
internal sealed record OnnxPort(string Name, IReadOnlyList<int?> Shape)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name} [{Sides(Shape)}]";

    /// <summary>Sizes as people read them.</summary>
    internal static string Sides(IEnumerable<int?> shape) =>
        string.Join(", ", shape.Select(side => side?.ToString(CultureInfo.InvariantCulture) ?? "any"));
}
