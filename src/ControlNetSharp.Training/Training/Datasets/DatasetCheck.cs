using ControlNetSharp.Runtime;

namespace ControlNetSharp.Training.Datasets;

/// <summary>
/// Reads a whole dataset, every picture included, and says what would spoil a training. Nothing ends the reading but
/// cancellation.
/// </summary>
public static class DatasetCheck
{
    /// <summary>
    /// Checks a dataset on all cores. Looking for near duplicates compares all pairs: below a second for 20 000
    /// pictures, which take minutes to read.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="resolution">The resolution that training is to have: a multiple of 64 from 64 to 4096.</param>
    /// <param name="onExample">Told after each example how many of how many are done; by one thread at a time.</param>
    /// <param name="cancellationToken">Looked at before each example.</param>
    /// <exception cref="DatasetException">There is no such folder, or no layout or several fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Another resolution.</exception>
    public static DatasetReport Run(
        string folder,
        int resolution = 512,
        Action<int, int>? onExample = null,
        CancellationToken cancellationToken = default
    )
    {
        var buckets = new AspectBuckets(resolution);
        var source = DatasetSource.Find(folder);
        var entries = source.Read();
        var facts = new ExampleFacts?[entries.Count];
        var done = 0;
        var counting = new Lock();
        SideBySide.ForEach(
            entries,
            Environment.ProcessorCount,
            (entry, i) =>
            {
                facts[i] = entry.Example is { } example ? ExampleFacts.Of(example) : null;
                lock (counting)
                {
                    onExample?.Invoke(++done, entries.Count);
                }
            },
            cancellationToken
        );

        List<ExampleFacts> usable = [.. facts.OfType<ExampleFacts>()];
        List<ExampleFacts> read = [.. usable.Where(each => each.Picture.Unreadable is null)];
        return new DatasetReport(
            source.Folder,
            source.Layout,
            resolution,
            entries.Count,
            [
                .. read.CountBy(each => (each.Picture.Width, each.Picture.Height))
                    .OrderByDescending(size => size.Value)
                    .ThenBy(size => size.Key)
                    .Select(size => new DatasetSize(size.Key.Width, size.Key.Height, size.Value)),
            ],
            [.. BucketsOf(buckets, read)],
            [
                .. new DatasetFindings(source, entries, usable, buckets)
                    .All()
                    .OrderByDescending(finding => finding.PreventsTraining),
            ]
        );
    }

    private static IEnumerable<DatasetBucket> BucketsOf(AspectBuckets buckets, List<ExampleFacts> read) =>
        read.Select(each => buckets.Fit(each.Picture.Width, each.Picture.Height))
            .GroupBy(fit => fit.Size)
            .OrderBy(bucket => (bucket.Key.Width, bucket.Key.Height))
            .Select(bucket => new DatasetBucket(
                bucket.Key.Width,
                bucket.Key.Height,
                bucket.Count(),
                bucket.Average(fit => fit.Cropped),
                bucket.Count(fit => fit.Scale > 1)
            ));
}
