using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace ControlNetSharp.Runtime;

/// <summary>Finds out, once, whether libtorch convolves rightly on this machine's CPU.</summary>
/// <remarks>
/// oneDNN 3.7 in libtorch 2.10 asks AMD processors for the sizes of their caches (CPUID leaf 0x8000001D). A virtual
/// machine that hides them answers zeros; oneDNN then copies weights whose channels do not fill its blocks wrongly, and
/// what is convolved with them is wrong by a tenth to a half, or not a number. The same was seen on other processors
/// (uxlfoundation/oneDNN, issue 5313), so that numbers are looked at everywhere. The environment variable
/// CONTROLNETSHARP_PAD_CONVOLUTIONS=1 pads on machines that do not need it.
/// </remarks>
public static class ConvolutionCheck
{
    private const string Variable = "CONTROLNETSHARP_PAD_CONVOLUTIONS";
    private const int CacheLeaf = unchecked((int)0x8000001D);
    private const int HighestExtendedLeaf = unchecked((int)0x80000000);

    // "Auth", the first letters of AuthenticAMD.
    private const int Amd = 0x68747541;

    private static readonly Lazy<ConvolutionReport> Measured = new(() =>
        Decide(Environment.GetEnvironmentVariable(Variable) == "1", HidesCaches(), FindFault)
    );

    /// <summary>What was found. The first call loads libtorch and takes some 50 ms.</summary>
    public static ConvolutionReport Report => Assumed.Value ?? Measured.Value;

    /// <summary>What tests of both ways say in place of this machine, for the code that they call.</summary>
    internal static AsyncLocal<ConvolutionReport?> Assumed { get; } = new();

    /// <summary>Refuses a CPU whose convolutions are wrong before work has begun; each convolution does, too.</summary>
    /// <exception cref="RuntimeUnavailableException">They are wrong, padded or not.</exception>
    public static void Require()
    {
        if (Report is { State: ConvolutionState.Wrong, Reason: var reason })
        {
            throw new RuntimeUnavailableException(reason);
        }
    }

    /// <summary>
    /// Whether what convolves <paramref name="x"/> has to be padded: never on a GPU, nor in float64, which
    /// oneDNN does not take.
    /// </summary>
    /// <inheritdoc cref="Require" path="/exception"/>
    internal static bool RequiresPadding(Tensor x)
    {
        if (x.device_type != DeviceType.CPU || x.dtype == ScalarType.Float64)
        {
            return false;
        }

        Require();
        return Report.State == ConvolutionState.Padded;
    }

    /// <summary>The rule behind <see cref="Report"/>.</summary>
    /// <param name="isForced">Whether the user asks for padding.</param>
    /// <param name="hidesCaches">Whether the machine hides its caches.</param>
    /// <param name="findFault">Convolves, padded or not, and says which number is wrong; null for none.</param>
    internal static ConvolutionReport Decide(bool isForced, bool hidesCaches, Func<bool, string?> findFault)
    {
        var cause =
            isForced ? $"{Variable} is 1"
            : hidesCaches ? "this virtual machine hides the sizes of its caches"
            : findFault(false);
        if (cause is null)
        {
            return new ConvolutionReport(ConvolutionState.Right, "libtorch's own");
        }

        return findFault(true) is not { } fault
            ? new ConvolutionReport(ConvolutionState.Padded, $"channels are padded to whole blocks: {cause}")
            : new ConvolutionReport(
                ConvolutionState.Wrong,
                "libtorch computes convolutions wrongly on this machine's CPU: with channels padded to whole blocks, "
                    + $"{fault}. Another libtorch (CONTROLNETSHARP_LIBTORCH) or machine is needed."
            );
    }

    private static bool HidesCaches() =>
        X86Base.IsSupported
        && X86Base.CpuId(0, 0).Ebx == Amd
        && (uint)X86Base.CpuId(HighestExtendedLeaf, 0).Eax >= unchecked((uint)CacheLeaf)
        && (X86Base.CpuId(CacheLeaf, 0).Eax & 31) == 0;

    /// <summary>
    /// Sums of ones over 17 channels, which no block of 16 holds, by a convolution and by its gradient: whole numbers,
    /// exact in both types.
    /// </summary>
    private static string? FindFault(bool isPadded)
    {
        using var scope = NewDisposeScope();
        // The caller may compute without gradients.
        using var _ = inference_mode(false);
        var convolution = new SafeConvolution(1, 0);
        foreach (var dtype in new[] { ScalarType.Float32, ScalarType.BFloat16 })
        {
            var x = ones(2, 17, 3, 3, dtype: dtype).requires_grad_();
            var sums = convolution.Run(x.detach(), ones(16, 17, 3, 3, dtype: dtype), bias: null, isPadded);
            convolution.Run(x, ones(17, 17, 3, 3, dtype: dtype), bias: null, isPadded).sum().backward();
            if ((Wrong(sums, 17 * 9) ?? Wrong(x.grad!, 17)) is { } number)
            {
                return $"a convolution of ones in {dtype} gives {number}";
            }
        }

        return null;
    }

    private static string? Wrong(Tensor values, float expected) =>
        values
            .detach()
            .to(ScalarType.Float32)
            .flatten()
            .data<float>()
            .ToArray()
            .Where(value => value != expected)
            .Select(value => $"{value} in place of {expected}")
            .FirstOrDefault();
}
