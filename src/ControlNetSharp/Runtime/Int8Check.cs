using TorchSharp;
using static TorchSharp.torch;

namespace ControlNetSharp.Runtime;

/// <summary>Finds out, once, whether libtorch computes rightly in 8 bits on this machine's CPU.</summary>
internal static class Int8Check
{
    private static readonly Lazy<string?> Found = new(FindFault);

    /// <summary>What is wrong; null for nothing.</summary>
    public static string? Fault => Found.Value;

    /// <summary>Refuses a CPU that does not.</summary>
    /// <exception cref="RuntimeUnavailableException">It does not, or its libtorch has no such operators.</exception>
    public static void Require()
    {
        if (Fault is { } fault)
        {
            throw new RuntimeUnavailableException(
                $"int8: {fault}. x86 processors with VNNI (AVX512-VNNI, AVX-VNNI or AMX) and libtorch for them are "
                    + "needed; bf16 and fp32 work everywhere."
            );
        }
    }

    /// <summary>
    /// A linear layer and a convolution of whole numbers from 0 to 255 with weights from −127 to 127, whose steps are 1
    /// and whose sums float32 holds exactly. Processors without VNNI add pairs of products in 16 bits, which overflow.
    /// </summary>
    private static string? FindFault()
    {
        const int channels = 64;
        using var scope = NewDisposeScope();
        using var _ = inference_mode(false);
        using var __ = no_grad();
        var weight = Whole([channels, channels, 3, 3], 255, -127);
        var (matrix, rows) = (weight.flatten(1), Whole([16, channels * 9], 256, 0));
        var (map, padded) = (Whole([2, channels, 5, 5], 256, 0), new SafeConvolution(1, 1));
        try
        {
            using var linear = new Int8Weight(matrix, bias: null);
            using var convolution = new Int8Weight(weight, bias: null, padded);
            return !AreEqual(linear.Linear(rows), Exact(rows).matmul(Exact(matrix).t()))
                    ? "a linear layer of whole numbers gives others on this CPU"
                : !AreEqual(convolution.Convolution(map, 1), padded.Run(Exact(map), Exact(weight), null))
                    ? "a convolution of whole numbers gives others on this CPU"
                : null;
        }
        catch (Exception e) when (e is System.Runtime.InteropServices.ExternalException or InvalidOperationException)
        {
            return $"this libtorch cannot do it ({e.Message.Split('\n')[0]})";
        }
    }

    // Steps of a prime, so that each output has the least and the greatest weight.
    private static Tensor Whole(long[] shape, int count, int least)
    {
        var numbers = Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b));
        return tensor(numbers.Select(i => (float)(101 * i % count + least)).ToArray(), shape);
    }

    private static Tensor Exact(Tensor values) => values.to(ScalarType.Float64);

    private static bool AreEqual(Tensor values, Tensor expected) => Exact(values).equal(expected).all().item<bool>();
}
