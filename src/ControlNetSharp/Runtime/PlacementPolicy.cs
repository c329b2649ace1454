using System.Globalization;
using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace ControlNetSharp.Runtime;

/// <summary>Which device and type a run computes in.</summary>
public static class PlacementPolicy
{
    private const string Cuda = "cuda:";
    private static readonly string[] Dtypes = ["auto", "fp32", "bf16", "fp16"];

    /// <summary>
    /// Whether this processor multiplies bf16 in hardware: AVX512-BF16 (CPUID leaf 7, subleaf 1, EAX bit 5) or AMX-BF16 (leaf 7, EDX bit 22).
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

    /// <summary>Checks the names of device and dtype without loading anything.</summary>
    /// <param name="device">cpu or cuda:N.</param>
    /// <param name="dtype">auto, fp32, bf16 or fp16.</param>
    /// <returns>The dtype.</returns>
    /// <exception cref="ArgumentException">A name is unknown, or fp16 was asked for on a CPU, where it is a hundred times slower than fp32.</exception>
    public static string Check(string device, string dtype)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (device != "cpu" && !(device.StartsWith(Cuda, StringComparison.Ordinal) && int.TryParse(device.AsSpan(Cuda.Length), NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            throw new ArgumentException($"--device {device}: must be cpu or cuda:N.", nameof(device));
        }

        if (!Dtypes.Contains(dtype))
        {
            throw new ArgumentException($"--dtype {dtype}: must be one of {string.Join(", ", Dtypes)}.", nameof(dtype));
        }

        return dtype == "fp16" && device == "cpu"
            ? throw new ArgumentException("--dtype fp16: a CPU computes fp16 far slower than fp32; use auto, bf16 or fp32.", nameof(dtype))
            : dtype;
    }

    /// <summary>The device and the type to compute in: for <c>auto</c> bf16 where a CPU has it in hardware and fp32 elsewhere; fp16 on a GPU.</summary>
    /// <inheritdoc cref="Check"/>
    /// <exception cref="RuntimeUnavailableException">The GPU is not there.</exception>
    public static Placement Choose(string device, string dtype)
    {
        Check(device, dtype);
        if (device != "cpu" && !cuda.is_available())
        {
            throw new RuntimeUnavailableException($"--device {device}: libtorch finds no GPU here. The package libtorch-cuda and a driver are needed; --device cpu works without.");
        }

        if (device != "cpu" && int.Parse(device.AsSpan(Cuda.Length), CultureInfo.InvariantCulture) >= cuda.device_count())
        {
            throw new RuntimeUnavailableException($"--device {device}: libtorch finds {cuda.device_count()} GPU(s) here; the first is {Cuda}0, the last {Cuda}{cuda.device_count() - 1}.");
        }

        return new Placement(new Device(device), dtype switch
        {
            "fp32" => ScalarType.Float32,
            "bf16" => ScalarType.BFloat16,
            "fp16" => ScalarType.Float16,
            _ => device != "cpu" ? ScalarType.Float16 : CpuHasBf16 ? ScalarType.BFloat16 : ScalarType.Float32,
        });
    }
}
