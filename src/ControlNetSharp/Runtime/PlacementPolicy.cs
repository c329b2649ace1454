using System.Globalization;
using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace ControlNetSharp.Runtime;

/// <summary>Which device and type a run computes in.</summary>
public static class PlacementPolicy
{
    /// <summary>The name of the processor.</summary>
    public const string Cpu = "cpu";

    private const string Cuda = "cuda:";
    private const string Int8 = "int8";
    private static readonly string[] Dtypes = ["auto", "fp32", "bf16", "fp16", Int8];

    // By these variables oneDNN is told to use nothing newer than an instruction set; the second name is the older one.
    // Source: oneDNN Developer Guide, "CPU Dispatcher Control".
    private static readonly string[] Caps = ["ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"];
    private static readonly string[] SetsWithoutBf16 =
    [
        "SSE41",
        "AVX",
        "AVX2",
        "AVX2_VNNI",
        "AVX2_VNNI_2",
        "AVX512_CORE",
        "AVX512_CORE_VNNI",
    ];

    /// <summary>
    /// Whether this processor multiplies bf16 in hardware: AVX512-BF16 (CPUID leaf 7, subleaf 1, EAX bit 5) or AMX-BF16
    /// (leaf 7, EDX bit 22).
    /// Source: Intel Instruction Set Extensions Programming Reference, chapter 1.
    /// </summary>
    public static bool CpuHasBf16
    {
        get
        {
            if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < 7)
            {
                return false;
            }

            var avx512 = X86Base.CpuId(7, 1).Eax >> 5 & 1;
            var amx = X86Base.CpuId(7, 0).Edx >> 22 & 1;
            return avx512 + amx > 0;
        }
    }

    /// <summary>
    /// Whether bf16 is fast on the CPU: it has it in hardware, and oneDNN is not told to do without, where bf16 is many
    /// times slower than fp32.
    /// </summary>
    internal static bool CpuIsFastInBf16 =>
        CpuHasBf16
        && AllowsBf16(Caps.Select(Environment.GetEnvironmentVariable).FirstOrDefault(set => set is not null));

    /// <summary>Whether oneDNN may multiply bf16 in hardware.</summary>
    /// <param name="cap">The newest instruction set that it may use, in its words; null for any.</param>
    internal static bool AllowsBf16(string? cap) => !SetsWithoutBf16.Contains(cap, StringComparer.OrdinalIgnoreCase);

    /// <summary>Checks the name of a device without loading anything.</summary>
    /// <param name="device">cpu or cuda:N.</param>
    /// <exception cref="UnknownNameException">It is another.</exception>
    public static void CheckDevice(string device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (
            device != Cpu
            && !(
                device.StartsWith(Cuda, StringComparison.Ordinal)
                && int.TryParse(device.AsSpan(Cuda.Length), NumberStyles.None, CultureInfo.InvariantCulture, out _)
            )
        )
        {
            throw new UnknownNameException(device, "must be cpu or cuda:N.");
        }
    }

    /// <summary>Whether this machine computes rightly in a type; loads libtorch.</summary>
    internal static bool Computes(string dtype) => dtype != Int8 || Int8Check.Fault is null;

    /// <summary>Whether a network in a type can be trained.</summary>
    internal static bool HasGradients(string dtype) => dtype != Int8;

    /// <summary>Checks the name of a type for a device without loading anything.</summary>
    /// <param name="device">cpu or cuda:N.</param>
    /// <param name="dtype">auto, fp32, bf16, fp16 or int8.</param>
    /// <exception cref="UnknownNameException">
    /// It is another, fp16 on a CPU, where it is a hundred times slower than fp32, or int8 on a GPU.
    /// </exception>
    public static void CheckDtype(string device, string dtype)
    {
        if (!Dtypes.Contains(dtype))
        {
            throw new UnknownNameException(dtype, $"must be one of {string.Join(", ", Dtypes)}.");
        }

        if (dtype == "fp16" && device == Cpu)
        {
            throw new UnknownNameException(dtype, "a CPU computes fp16 far slower than fp32; use auto, bf16 or fp32.");
        }

        if (dtype == Int8 && device != Cpu)
        {
            throw new UnknownNameException(dtype, "8 bits are for the CPU; use auto, fp16, bf16 or fp32 on a GPU.");
        }
    }

    /// <summary>Loads libtorch, looks whether its convolutions are right on this CPU, and chooses.</summary>
    /// <exception cref="UnknownNameException">A name is unknown.</exception>
    /// <exception cref="RuntimeUnavailableException">
    /// libtorch or the device is not there, this CPU's convolutions are wrong, or it cannot compute in 8 bits and is
    /// to.
    /// </exception>
    internal static Placement Load(string device, string dtype)
    {
        NativeLibraries.EnsureLoaded();
        if (device == Cpu)
        {
            ConvolutionCheck.Require();
        }

        if (dtype == Int8)
        {
            Int8Check.Require();
        }

        return Choose(device, dtype);
    }

    /// <summary>The name of the type that is computed in.</summary>
    internal static string NameOf(Placement placement) =>
        placement.Dtype switch
        {
            _ when placement.Int8 => Int8,
            ScalarType.BFloat16 => "bf16",
            ScalarType.Float16 => "fp16",
            _ => "fp32",
        };

    /// <summary>
    /// The device and the type to compute in: for <c>auto</c> bf16 where a CPU has it in hardware and oneDNN may use
    /// it, fp32 elsewhere, and fp16 on a GPU. For <c>int8</c> what <c>auto</c> is lies between the layers in 8 bits.
    /// </summary>
    /// <param name="device">cpu or cuda:N.</param>
    /// <param name="dtype">auto, fp32, bf16, fp16 or int8.</param>
    /// <exception cref="UnknownNameException">A name is unknown.</exception>
    /// <exception cref="RuntimeUnavailableException">The GPU is not there.</exception>
    public static Placement Choose(string device, string dtype)
    {
        CheckDevice(device);
        CheckDtype(device, dtype);
        if (device != Cpu && !cuda.is_available())
        {
            throw new RuntimeUnavailableException(
                $"{device}: libtorch finds no GPU here. The package libtorch-cuda and a driver are needed; cpu works "
                    + "without."
            )
            {
                Device = device,
            };
        }

        if (device != Cpu && int.Parse(device.AsSpan(Cuda.Length), CultureInfo.InvariantCulture) >= cuda.device_count())
        {
            throw new RuntimeUnavailableException(
                $"{device}: libtorch finds {cuda.device_count()} GPU(s) here; the first is {Cuda}0, the last "
                    + $"{Cuda}{cuda.device_count() - 1}."
            )
            {
                Device = device,
            };
        }

        return new Placement(
            new Device(device),
            dtype switch
            {
                "fp32" => ScalarType.Float32,
                "bf16" => ScalarType.BFloat16,
                "fp16" => ScalarType.Float16,
                _ => device != Cpu ? ScalarType.Float16
                : CpuIsFastInBf16 ? ScalarType.BFloat16
                : ScalarType.Float32,
            }
        )
        {
            Int8 = dtype == Int8,
        };
    }
}
