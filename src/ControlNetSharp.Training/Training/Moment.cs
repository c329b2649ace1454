using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// A running mean for each element of each parameter, in flat memory; read and written in blocks, so that it may be
/// stored in fewer bits than it is computed in.
/// </summary>
/// <param name="lengths">Elements of each parameter.</param>
internal abstract unsafe class Moment(IReadOnlyList<long> lengths) : IDisposable
{
    /// <summary>
    /// The most elements that are loaded at once. A block begins at a multiple of this within its parameter.
    /// </summary>
    public const int BlockLength = 256;

    /// <summary>Elements of each parameter.</summary>
    protected IReadOnlyList<long> Lengths { get; } = lengths;

    /// <summary>The values of a block, to be changed in place: in the buffer, or where they are stored.</summary>
    public abstract float* Load(int parameter, long offset, int count, float* buffer);

    /// <summary>
    /// Keeps changed values; <paramref name="values"/> is what <see cref="Load"/> returned, <paramref name="seed"/>
    /// decides how they are rounded.
    /// </summary>
    public abstract void Store(int parameter, long offset, int count, float* values, uint seed);

    /// <summary>Views of the memory of one parameter.</summary>
    public abstract IEnumerable<(string Suffix, Tensor Values)> StateOf(int parameter);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>
    /// Address of the first element of a contiguous CPU tensor. (<see cref="Tensor.bytes"/> of a whole one would have
    /// to be shorter than 2 GiB.)
    /// </summary>
    public static nint Pointer(Tensor tensor)
    {
        using var first = tensor.view(-1).narrow(0, 0, 1);
        fixed (byte* start = first.bytes)
        {
            return (nint)start;
        }
    }

    /// <summary>The sums of all lengths before each one, and of all.</summary>
    public static long[] Starts(IReadOnlyList<long> lengths)
    {
        var starts = new long[lengths.Count + 1];
        for (var i = 0; i < lengths.Count; i++)
        {
            starts[i + 1] = starts[i] + lengths[i];
        }

        return starts;
    }
}
