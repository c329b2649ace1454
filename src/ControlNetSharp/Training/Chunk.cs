using TorchSharp.Modules;

namespace ControlNetSharp.Training;

/// <summary>A stretch of one parameter: the unit of work of the passes over all weights.</summary>
/// <param name="Tensor">Index of the parameter.</param>
/// <param name="Offset">First element within the parameter.</param>
/// <param name="Length">Number of elements.</param>
/// <param name="Position">First element in buffers that hold all parameters one after another.</param>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
internal readonly record struct Chunk(int Tensor, long Offset, int Length, long Position)
{
    public static IEnumerable<Chunk> Split(IReadOnlyList<Parameter> parameters, int length)
    {
        var position = 0L;
        foreach (var (index, parameter) in parameters.Index())
        {
            var count = parameter.numel();
            for (var offset = 0L; offset < count; offset += length)
            {
                yield return new Chunk(index, offset, (int)Math.Min(length, count - offset), position + offset);
            }

            position += count;
        }
    }
}
