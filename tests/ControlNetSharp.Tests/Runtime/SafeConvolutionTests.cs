using ControlNetSharp.Runtime;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Runtime;

/// <summary>
/// Convolutions against a product in float64 of what the kernel sees, over the shapes at which a library has been
/// wrong: as this machine takes them, and padded.
/// </summary>
public class SafeConvolutionTests
{
    private const int Side = 9;
    private static readonly long[] Kernels = [1, 2, 3, 5, 7, 8];
    private static readonly long[] Strides = [1, 2, 4, 8];

    public static TheoryData<string, bool, ScalarType> Tables
    {
        get
        {
            var tables = new TheoryData<string, bool, ScalarType>();
            foreach (var name in new[] { "dense", "blocks", "depthwise", "grouped", "channels last" })
            {
                foreach (var dtype in new[] { ScalarType.Float32, ScalarType.BFloat16 })
                {
                    tables.Add(name, false, dtype);
                    tables.Add(name, true, dtype);
                }
            }

            return tables;
        }
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public void Run_AtEveryWidth_IsTheUnfoldedProduct_AndSoAreItsGradients(string table, bool isPadded, ScalarType dtype)
    {
        using var assumed = isPadded ? new AssumedConvolutions(ConvolutionState.Padded) : null;
        var wrong = Table(table).Select(shape => Difference(shape, dtype)).OfType<string>().ToList();
        Assert.True(wrong.Count == 0, $"{wrong.Count} are wrong:\n{string.Join('\n', wrong.Take(40))}");
    }

    [Theory]
    [InlineData(false, ScalarType.Float32)]
    [InlineData(true, ScalarType.Float32)]
    [InlineData(false, ScalarType.BFloat16)]
    [InlineData(true, ScalarType.BFloat16)]
    public void RunTransposed_AtEveryWidth_IsTheFoldedProduct_AndSoAreItsGradients(bool isPadded, ScalarType dtype)
    {
        using var assumed = isPadded ? new AssumedConvolutions(ConvolutionState.Padded) : null;
        var shapes = Widths(9)
            .Select((width, i) => new Shape(width, Other(width), Kernels[i % 6], Strides[i / 6 % 4], 1));
        var wrong = shapes.Select(shape => TransposedDifference(shape, dtype)).OfType<string>().ToList();
        Assert.True(wrong.Count == 0, $"{wrong.Count} are wrong:\n{string.Join('\n', wrong.Take(40))}");
    }

    private static IEnumerable<Shape> Table(string name) => name switch
    {
        // Odd widths go in, the others come out; each kernel meets each stride and each rest of a block.
        "dense" => Widths(3)
            .Select(width => width % 2 == 1 ? (Inputs: width, Outputs: Other(width)) : (Inputs: Other(width), Outputs: width))
            .Select((pair, i) => new Shape(pair.Inputs, pair.Outputs, Kernels[i % 6], Strides[i / 6 % 4], 1)),
        "blocks" => new long[] { 16, 32, 48, 64, 80, 96, 112, 144, 176 }
            .SelectMany(width => new Shape[] { new(width, width, 3, 2, 1), new(width, width, 3, 1, 1) }),
        "depthwise" => Widths(7)
            .Select((width, i) => new Shape(width, width, Kernels[i % 6], Strides[i / 6 % 4], width)),
        "grouped" => Widths(11)
            .Select((width, i) => (Groups: 2 + i % 3, Inputs: width / 4 + 1, Outputs: Other(width / 4 + 1) / 2 + 1))
            .Select((g, i) => new Shape(g.Groups * g.Inputs, g.Groups * g.Outputs, Kernels[i % 6], Strides[i / 6 % 4], g.Groups)),
        _ => Widths(13).SelectMany((width, i) => new Shape[]
        {
            new(width, Other(width), Kernels[i % 6], 2, 1, ChannelsLast: true),
            new(80, 80, 1 + i % 3, 2, 1 + i % 2, ChannelsLast: true),
        }),
    };

    /// <summary>Every <paramref name="step"/>th number of channels from 1 to 200, all rests of 16 among them.</summary>
    private static IEnumerable<long> Widths(long step) =>
        Enumerable.Range(0, (int)(200 / step)).Select(i => 1 + i * step);

    private static long Other(long width) => width * 37 % 53 + 1;

    private static string? Difference(Shape shape, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        using var random = new Generator(5, CPU);
        var (kernel, padding) = (shape.Kernel, shape.Kernel / 2);
        var convolution = new SafeConvolution(shape.Stride, padding, 1, shape.Groups);
        var x = Leaf(randn([2, shape.Inputs, Side, Side], generator: random), dtype, shape.ChannelsLast);
        var inputs = shape.Inputs / shape.Groups;
        var weight = Leaf(randn([shape.Outputs, inputs, kernel, kernel], generator: random), dtype);
        var bias = Leaf(randn([shape.Outputs], generator: random), dtype);
        return Compare(shape, dtype, [x, weight, bias], of => convolution.Run(of[0], of[1], of[2]), leaves =>
        {
            var stride = (shape.Stride, shape.Stride);
            var columns = nn.functional.unfold(leaves[0], (kernel, kernel), (1, 1), (padding, padding), stride);
            var product = leaves[1].view(1, shape.Groups, shape.Outputs / shape.Groups, -1)
                .matmul(columns.view(2, shape.Groups, inputs * kernel * kernel, -1));
            var side = (Side + 2 * padding - kernel) / shape.Stride + 1;
            return product.view(2, shape.Outputs, side, side) + leaves[2].view(1, -1, 1, 1);
        });
    }

    private static string? TransposedDifference(Shape shape, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        using var random = new Generator(5, CPU);
        const int Small = 4;
        var (kernel, padding) = (shape.Kernel, (shape.Kernel - 1) / 2);
        var convolution = new SafeTransposedConvolution(shape.Stride, padding, 0);
        var x = Leaf(randn([2, shape.Inputs, Small, Small], generator: random), dtype);
        var weight = Leaf(randn([shape.Inputs, shape.Outputs, kernel, kernel], generator: random), dtype);
        var bias = Leaf(randn([shape.Outputs], generator: random), dtype);
        var side = (Small - 1) * shape.Stride - 2 * padding + kernel;
        return Compare(shape, dtype, [x, weight, bias], of => convolution.Run(of[0], of[1], of[2]), leaves =>
        {
            var columns = leaves[1].view(shape.Inputs, -1).t().matmul(leaves[0].flatten(2));
            var stride = (shape.Stride, shape.Stride);
            return nn.functional.fold(columns, (side, side), (kernel, kernel), (1, 1), (padding, padding), stride)
                + leaves[2].view(1, -1, 1, 1);
        });
    }

    /// <summary>What differs by more than rounding: the result without and with gradients, and all gradients.</summary>
    private static string? Compare(
        Shape shape, ScalarType dtype, Tensor[] leaves, Func<Tensor[], Tensor> convolve, Func<Tensor[], Tensor> expected)
    {
        var doubles = leaves.Select(leaf => leaf.detach().to(ScalarType.Float64).requires_grad_()).ToArray();
        var reference = expected(doubles);
        // All of one sign, so that no sum is a small difference of large numbers.
        var change = reference.detach().abs().to(dtype);
        (reference * change.to(ScalarType.Float64)).sum().backward();

        // What a library reads beyond its data is not zero by luck.
        full(leaves[1].numel() + (1 << 16), float.NaN).Dispose();
        Tensor plain;
        using (no_grad())
        {
            plain = convolve(leaves);
        }

        var result = convolve(leaves);
        (result * change).sum().backward();
        var differences = new (string Name, Tensor Actual, Tensor Expected)[]
        {
            ("forward", plain, reference),
            ("forward with gradient", result, reference),
            ("gradient of x", leaves[0].grad!, doubles[0].grad!),
            ("gradient of weight", leaves[1].grad!, doubles[1].grad!),
            ("gradient of bias", leaves[2].grad!, doubles[2].grad!),
        }
            .Select(pair => (pair.Name, Difference: Difference(pair.Actual, pair.Expected)))
            .Where(pair => !(pair.Difference < (dtype == ScalarType.Float32 ? 1e-5 : 0.01)))
            .Select(pair => $"{pair.Name} by {pair.Difference:g2}").ToList();
        return differences.Count == 0 ? null : $"{shape}: {string.Join(", ", differences)}";
    }

    private static double Difference(Tensor actual, Tensor expected)
    {
        var reference = expected.detach();
        return ((actual.detach().to(ScalarType.Float64) - reference).norm() / reference.norm()).item<double>();
    }

    private static Tensor Leaf(Tensor values, ScalarType dtype, bool channelsLast = false)
    {
        var leaf = values.to(dtype, copy: true);
        leaf = channelsLast ? leaf.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : leaf;
        return leaf.detach().requires_grad_();
    }

    private sealed record Shape(
        long Inputs, long Outputs, long Kernel, long Stride, long Groups, bool ChannelsLast = false);
}
