using System.IO.Compression;
using System.Text;
using static TorchSharp.torch;

namespace ControlNetSharp.Runtime;

/// <summary>
/// oneDNN's linear layer and convolution of 8-bit numbers. libtorch has no C function for them, and <c>jit.compile</c>
/// knows its <c>aten</c> operators only; the code of a TorchScript archive may name all that are registered, so one is
/// written here. Source: PyTorch, aten/src/ATen/native/quantized/library.cpp, <c>onednn::</c>; for the archive
/// torch/csrc/jit/docs/serialization.md.
/// </summary>
internal static class Int8Operators
{
    private const string Folder = "int8/";
    private const string Code = """
        class Operators(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          def pack_linear(self: __torch__.Operators, weight: Tensor) -> Tensor:
            return ops.onednn.qlinear_prepack(weight, None)
          def linear(self: __torch__.Operators, x: Tensor, scale: float, zero: int, weight: Tensor, scales: Tensor,
              zeros: Tensor, bias: Tensor, dtype: int) -> Tensor:
            return ops.onednn.qlinear_pointwise(x, scale, zero, weight, scales, zeros, bias, 1., 0, dtype, "none",
              annotate(List[Optional[number]], []), "")
          def pack_convolution(self: __torch__.Operators, weight: Tensor, scales: Tensor, stride: int,
              padding: int) -> Tensor:
            return ops.onednn.qconv_prepack(weight, scales, 1., 0, [stride, stride], [padding, padding], [1, 1], 1,
              None)
          def convolution(self: __torch__.Operators, x: Tensor, scale: float, zero: int, weight: Tensor,
              scales: Tensor, zeros: Tensor, bias: Tensor, dtype: int, stride: int, padding: int) -> Tensor:
            return ops.onednn.qconv2d_pointwise(x, scale, zero, weight, scales, zeros, bias, [stride, stride],
              [padding, padding], [1, 1], 1, 1., 0, dtype, "none", annotate(List[Optional[number]], []), "")

        """;

    // One object of the class above whose only attribute, "training", is false, in pickle's protocol 2.
    private static readonly byte[] Instance =
    [
        0x80,
        2,
        .. "c__torch__\nOperators\n)"u8,
        0x81,
        .. "}(X"u8,
        8,
        0,
        0,
        0,
        .. "training"u8,
        0x89,
        .. "ub."u8,
    ];

    private static readonly byte[] EmptyTuple = [0x80, 2, .. ")."u8];
    private static readonly Lazy<jit.ScriptModule> Operators = new(() => jit.load(Archive()));

    /// <summary>The weight of a linear layer in oneDNN's order.</summary>
    /// <param name="weight">[outputs, inputs], int8.</param>
    public static Tensor PackLinear(Tensor weight) => Run("pack_linear", weight);

    /// <summary>y = scale·(x − zero)·(scales ⊙ W)ᵀ + bias; fresh.</summary>
    /// <param name="x">[rows, inputs].</param>
    /// <param name="weight">What <see cref="PackLinear"/> gave.</param>
    /// <param name="scales">[outputs], float32: a step of each output's weights.</param>
    /// <param name="zeros">[outputs], int32, all zero.</param>
    /// <param name="bias">[outputs], float32.</param>
    /// <param name="dtype">Of the result: bf16 or float32.</param>
    /// <returns>[rows, outputs].</returns>
    public static Tensor Linear(
        Int8Activation x,
        Tensor weight,
        Tensor scales,
        Tensor zeros,
        Tensor bias,
        ScalarType dtype
    ) => Run("linear", x.Values, x.Scale, x.Zero, weight, scales, zeros, bias, (int)dtype);

    /// <summary>The weight of a convolution without groups and dilation in oneDNN's order.</summary>
    /// <param name="weight">[outputs, inputs, k, k], int8.</param>
    /// <param name="scales">[outputs], float32.</param>
    /// <param name="stride">As <see cref="SafeConvolution.Stride"/>.</param>
    /// <param name="padding">As <see cref="SafeConvolution.Padding"/>.</param>
    public static Tensor PackConvolution(Tensor weight, Tensor scales, long stride, long padding) =>
        Run("pack_convolution", weight, scales, stride, padding);

    /// <summary>The same as <see cref="Linear"/> for each window; fresh, with channels last.</summary>
    /// <param name="x">[B, inputs, h, w].</param>
    /// <param name="weight">What <see cref="PackConvolution"/> gave.</param>
    /// <param name="scales">As for <see cref="Linear"/>.</param>
    /// <param name="zeros">As for <see cref="Linear"/>.</param>
    /// <param name="bias">As for <see cref="Linear"/>.</param>
    /// <param name="dtype">As for <see cref="Linear"/>.</param>
    /// <param name="stride">As for <see cref="PackConvolution"/>.</param>
    /// <param name="padding">As for <see cref="PackConvolution"/>.</param>
    /// <returns>[B, outputs, h', w'].</returns>
    public static Tensor Convolution(
        Int8Activation x,
        Tensor weight,
        Tensor scales,
        Tensor zeros,
        Tensor bias,
        ScalarType dtype,
        long stride,
        long padding
    ) => Run("convolution", x.Values, x.Scale, x.Zero, weight, scales, zeros, bias, (int)dtype, stride, padding);

    private static Tensor Run(string method, params object[] arguments) =>
        (Tensor)Operators.Value.invoke(method, arguments);

    private static byte[] Archive()
    {
        using var bytes = new MemoryStream();
        using (var archive = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            void Add(string name, ReadOnlySpan<byte> content)
            {
                using var entry = archive.CreateEntry(Folder + name, CompressionLevel.NoCompression).Open();
                entry.Write(content);
            }

            Add("data.pkl", Instance);
            Add("constants.pkl", EmptyTuple);
            Add("code/__torch__.py", Encoding.UTF8.GetBytes(Code));
            Add("version", "3\n"u8);
        }

        return bytes.ToArray();
    }
}
