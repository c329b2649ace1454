using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// Weights as 8-bit floats with one factor a tensor, a quarter of float32: <c>X.weight</c> beside
/// <c>X.scale_weight</c>, and a mark that a file has such weights. Source of the names: ComfyUI, comfy/ops.py,
/// "scaled_fp8" (behaviour).
/// </summary>
internal static class ScaledFloat8
{
    private const string Weight = ".weight";
    private const string Scale = ".scale_weight";
    private const string InputScale = ".scale_input";
    private const string Mark = "scaled_fp8";

    /// <summary>The largest number of <see cref="Float8.E4M3"/>.</summary>
    private const double Largest = 448;

    /// <summary>
    /// The tensors without the factors, which their weights have with them; marks and factors of activations are left
    /// out.
    /// </summary>
    /// <exception cref="CheckpointException">A factor is no single positive number.</exception>
    public static Dictionary<string, StoredTensor> WithScales(Dictionary<string, StoredTensor> tensors)
    {
        var scales = tensors
            .Where(tensor =>
                tensor.Key.EndsWith(Scale, StringComparison.Ordinal) && tensors.ContainsKey(WeightOf(tensor.Key))
            )
            .ToDictionary(tensor => WeightOf(tensor.Key), tensor => Read(tensor.Value), StringComparer.Ordinal);
        return scales.Count == 0
            ? tensors
            : tensors
                .Where(tensor =>
                    !tensor.Key.EndsWith(Scale, StringComparison.Ordinal)
                    && !tensor.Key.EndsWith(InputScale, StringComparison.Ordinal)
                    && !IsMark(tensor.Key)
                )
                .ToDictionary(
                    tensor => tensor.Key,
                    tensor =>
                        scales.TryGetValue(tensor.Key, out var scale)
                            ? tensor.Value with
                            {
                                Scale = scale,
                            }
                            : tensor.Value,
                    StringComparer.Ordinal
                );
    }

    /// <summary>A weight to be written as it is stored, its factor beside it.</summary>
    public static IEnumerable<WrittenTensor> Copied(string name, StoredTensor stored) =>
        [
            new(name, stored.Dtype, stored.Shape, stored.ReadRaw),
            .. stored.Scale is { } scale ? [ScaleOf(name, () => scale)] : Array.Empty<WrittenTensor>(),
        ];

    /// <summary>
    /// Whether a weight is written in 8 bits: matrices and convolutions; the rest is small and wants to be exact.
    /// </summary>
    public static bool Holds(string name, StoredTensor stored) =>
        stored.Shape.Count >= 2 && name.EndsWith(Weight, StringComparison.Ordinal);

    /// <summary>
    /// A weight to be written in 8 bits, with a power of two as its factor, so that no further bit is lost.
    /// </summary>
    public static IEnumerable<WrittenTensor> Rounded(string name, StoredTensor stored)
    {
        // Two tensors need it, each when its turn comes.
        var factor = new Lazy<double>(() => FactorOf(stored));
        return
        [
            new(
                name,
                Float8.E4M3,
                stored.Shape,
                () =>
                {
                    using var scope = NewDisposeScope();
                    var values = stored.Read(ScalarType.Float32).Over(factor.Value).flatten().data<float>();
                    return tensor(Array.ConvertAll(values.ToArray(), Float8.EncodeE4M3), [.. stored.Shape])
                        .MoveToOuterDisposeScope();
                }
            ),
            ScaleOf(name, () => factor.Value),
        ];
    }

    private static double FactorOf(StoredTensor stored)
    {
        using var scope = NewDisposeScope();
        var most = stored.Read(ScalarType.Float32).abs().max().item<float>();
        return most > 0 && float.IsFinite(most) ? Math.Pow(2, Math.Ceiling(Math.Log2(most / Largest))) : 1;
    }

    /// <summary>The mark of a file that has such weights.</summary>
    public static WrittenTensor Marked() => new(Mark, Float8.E4M3, [0], () => empty([0], dtype: ScalarType.Byte));

    private static WrittenTensor ScaleOf(string weight, Func<double> factor) =>
        new(weight[..^Weight.Length] + Scale, "F32", [], () => tensor((float)factor()));

    private static string WeightOf(string scale) => scale[..^Scale.Length] + Weight;

    private static bool IsMark(string name) =>
        name == Mark
        || name.EndsWith("." + Mark, StringComparison.Ordinal)
        || name.EndsWith("/" + Mark, StringComparison.Ordinal);

    private static double Read(StoredTensor scale)
    {
        if (scale.Elements != 1 || !SafetensorsFormat.CanBeWeights(scale.Dtype))
        {
            throw new CheckpointException(
                scale.File,
                $"the factor '{scale.Name}' of dtype {scale.Dtype} has shape [{string.Join(", ", scale.Shape)}]; it "
                    + "should be one number.",
                [scale.Name]
            );
        }

        using var value = scale.Read(ScalarType.Float32);
        var number = value.item<float>();
        return number > 0 && float.IsFinite(number)
            ? number
            : throw new CheckpointException(
                scale.File,
                $"the factor '{scale.Name}' is {number}; it should be above 0.",
                [scale.Name]
            );
    }
}
