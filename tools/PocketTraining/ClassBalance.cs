using ControlNetSharp.Training;

namespace ControlNetSharp.PocketTraining;

/// <summary>
/// How rare classes are made to count: scenes that have them are drawn more often, "repeat factor sampling" (Gupta et
/// al. 2019, LVIS, arXiv:1908.03195, section 4.1), and their pixels weigh more.
/// </summary>
public sealed class ClassBalance
{
    /// <summary>Classes in fewer than this share of the scenes are drawn more often.</summary>
    private const double CommonShare = 0.1;

    /// <summary>Fewer pixels of a class than this share of a picture are no reason to draw it.</summary>
    private const double SeenShare = 1e-3;

    // How little and how much a pixel weighs at most.
    private const double LeastWeight = 0.4;
    private const double MostWeight = 5;

    private readonly double[] _shares;

    /// <summary>Balances a set of scenes.</summary>
    /// <param name="pixels">
    /// For each scene the number of pixels of each class, as of <see cref="SceneCache.ClassPixels"/>; at least one.
    /// </param>
    public ClassBalance(IReadOnlyList<int[]> pixels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        var classes = pixels[0].Length;
        var seen = pixels[0].Sum() * SeenShare;
        var repeats = new double[classes];
        var totals = new double[classes];
        for (var i = 0; i < classes; i++)
        {
            totals[i] = pixels.Sum(scene => (double)scene[i]);
            var share = pixels.Count(scene => scene[i] > seen) / (double)pixels.Count;
            repeats[i] = share > 0 ? Math.Max(1, Math.Sqrt(CommonShare / share)) : 1;
        }

        _shares =
        [
            .. pixels.Select(scene =>
                Enumerable.Range(0, classes).Where(i => scene[i] > seen).Select(i => repeats[i]).DefaultIfEmpty(1).Max()
            ),
        ];
        for (var i = 1; i < _shares.Length; i++)
        {
            _shares[i] += _shares[i - 1];
        }

        var present = totals.Where(total => total > 0).Order().ToArray();
        var median = present[present.Length / 2];
        Weights =
        [
            .. totals.Select(total =>
                (float)Math.Clamp(Math.Sqrt(median / Math.Max(total, 1)), LeastWeight, MostWeight)
            ),
        ];
    }

    /// <summary>
    /// What a pixel of each class weighs in the loss: the root of how much rarer it is than the class in the middle.
    /// </summary>
    public IReadOnlyList<float> Weights { get; }

    /// <summary>Draws a scene.</summary>
    /// <param name="drawn">0..1, less than 1: the random number.</param>
    public int Scene(double drawn)
    {
        var found = Array.BinarySearch(_shares, drawn * _shares[^1]);
        return found >= 0 ? found + 1 : ~found;
    }
}
