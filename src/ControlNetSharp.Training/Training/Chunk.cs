using System.Runtime.InteropServices;
using TorchSharp.Modules;

namespace ControlNetSharp.Training;

/// <summary>A stretch of one parameter: the unit of work of the passes over all weights.</summary>
/// <param name="Tensor">Index of the parameter.</param>
/// <param name="Offset">First element within the parameter.</param>
/// <param name="Length">Number of elements.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Chunk(int Tensor, long Offset, int Length)
{
    public static IEnumerable<Chunk> Split(IReadOnlyList<Parameter> parameters, int length)
    {
        foreach (var (index, parameter) in parameters.Index())
        {
            var count = parameter.numel();
            for (var offset = 0L; offset < count; offset += length)
            {
                yield return new Chunk(index, offset, (int)Math.Min(length, count - offset));
            }
        }
    }
}
