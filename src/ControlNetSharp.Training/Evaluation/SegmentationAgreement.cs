using ControlNetSharp.Annotators;

namespace ControlNetSharp.Evaluation;

/// <summary>
/// How well areas agree, over all pictures together. Source: Everingham et al. 2015, "intersection over union".
/// </summary>
public sealed class SegmentationAgreement
{
    // One more for pixels of no class.
    private readonly long[] _both = new long[Ade20kPalette.Count + 1];
    private readonly long[] _either = new long[Ade20kPalette.Count + 1];
    private readonly long[] _true = new long[Ade20kPalette.Count + 1];

    /// <summary>
    /// The mean over the classes that occur of (pixels that both maps give the class) / (pixels that one of them gives
    /// it); 1 where there are none.
    /// </summary>
    public double MeanIntersectionOverUnion => OfClasses.Select(row => row.Iou).DefaultIfEmpty(1).Average();

    /// <summary>The same for each class that occurs in truth.</summary>
    public IEnumerable<(int Label, double Iou)> OfClasses =>
        Enumerable
            .Range(0, Ade20kPalette.Count)
            .Where(label => _true[label] > 0)
            .Select(label => (label, (double)_both[label] / _either[label]));

    /// <summary>Adds a picture.</summary>
    /// <param name="found">The class of each pixel, 0 to 149; 150 for none.</param>
    /// <param name="truth">As many, in the same way; the mean is over classes alone, without what has none.</param>
    /// <exception cref="ArgumentException">Another number of pixels.</exception>
    public void Add(ReadOnlySpan<byte> found, ReadOnlySpan<byte> truth)
    {
        if (found.Length != truth.Length)
        {
            throw new ArgumentException(
                $"The maps have {found.Length} and {truth.Length} pixels; they must be of one size.",
                nameof(found)
            );
        }

        for (var i = 0; i < truth.Length; i++)
        {
            _true[truth[i]]++;
            _either[truth[i]]++;
            if (found[i] == truth[i])
            {
                _both[truth[i]]++;
            }
            else
            {
                _either[found[i]]++;
            }
        }
    }
}
