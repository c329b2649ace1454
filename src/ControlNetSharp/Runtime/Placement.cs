using TorchSharp;
using static TorchSharp.torch;

namespace ControlNetSharp.Runtime;

/// <summary>Where a network lives and in which type its weights are stored.</summary>
/// <param name="Device">The device; cpu, cuda:N or meta (names and shapes only).</param>
/// <param name="Dtype">Element type of the weights.</param>
public sealed record Placement(Device Device, ScalarType Dtype)
{
    /// <summary>
    /// Whether the wide layers of UNets and ControlNets compute in 8 bits, with bf16 or float32 between them: on a CPU
    /// only, and without gradients.
    /// </summary>
    public bool Int8 { get; init; }

    /// <summary>float32 on the CPU: the reference that goldens are compared with.</summary>
    public static Placement Cpu32 { get; } = new(CPU, ScalarType.Float32);

    /// <summary>Names and shapes without memory.</summary>
    public static Placement Meta { get; } = new(META, ScalarType.Float32);
}
