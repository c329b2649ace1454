using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace ControlNetSharp.PocketTraining;

/// <summary>The black-and-white hints of all training pictures, one byte a pixel in memory.</summary>
internal sealed class HintCache
{
    private readonly byte[][] _hints;
    private readonly int _size;

    private HintCache(byte[][] hints, int size) => (_hints, _size) = (hints, size);

    /// <summary>Makes the hints, on all cores.</summary>
    /// <param name="pictures">The pictures.</param>
    /// <param name="annotate">Picture and random numbers of its own to its hint, of the same size.</param>
    public static HintCache Make(PictureCache pictures, Func<Picture, Random, Picture> annotate)
    {
        var hints = new byte[pictures.Count][];
        Parallel.For(0, hints.Length, i =>
        {
            var rgb = annotate(pictures.Picture(i), new Random(i)).Rgb;
            hints[i] = [.. Enumerable.Range(0, rgb.Length / 3).Select(pixel => rgb[pixel * 3])];
        });
        return new HintCache(hints, pictures.Size);
    }

    /// <summary>[B, 3, Size, Size], float32, 0..1.</summary>
    public Tensor Batch(IReadOnlyList<long> indices)
    {
        using var scope = NewDisposeScope();
        byte[] bytes = [.. indices.SelectMany(i => _hints[i])];
        return tensor(bytes, [indices.Count, 1, _size, _size]).to(ScalarType.Float32).Over(255).expand(-1, 3, -1, -1).contiguous().MoveToOuterDisposeScope();
    }
}
