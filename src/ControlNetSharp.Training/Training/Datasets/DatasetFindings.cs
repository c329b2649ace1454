using ControlNetSharp.Annotators;
using ControlNetSharp.Text;

namespace ControlNetSharp.Training.Datasets;

/// <summary>Draws the conclusions from what was seen of each example.</summary>
/// <param name="source">The dataset.</param>
/// <param name="entries">Its lines.</param>
/// <param name="facts">What was seen of the usable ones, in order.</param>
/// <param name="buckets">The sizes of training.</param>
internal sealed class DatasetFindings(
    DatasetSource source,
    IReadOnlyList<DatasetEntry> entries,
    IReadOnlyList<ExampleFacts> facts,
    AspectBuckets buckets
)
{
    /// <summary>So many files are named for each finding.</summary>
    private const int Named = 5;

    /// <summary>A picture that loses more than this share of its area is named.</summary>
    private const double MuchCropped = 0.2;

    /// <summary>If so many of the hints are normal maps, all are meant to be.</summary>
    private const double NearlyAll = 0.8;

    /// <summary>
    /// How much larger the mean of one component must be than that of another to say that it is the axis to the viewer.
    /// </summary>
    private const double Clearly = 0.15;

    public IEnumerable<DatasetFinding> All()
    {
        IEnumerable<DatasetFinding?> all = [.. Lines(), .. Captions(), .. Hints(), .. Duplicates(), .. Sizes()];
        return all.OfType<DatasetFinding>();
    }

    private IEnumerable<DatasetFinding?> Lines()
    {
        if (entries.Count == 0)
        {
            yield return new DatasetFinding(
                "no_example",
                PreventsTraining: true,
                1,
                "there is no example; at least one is needed",
                [Relative(source.ListFile)]
            );
        }

        var problems = entries.Select(entry => entry.Problem).OfType<DatasetException>().ToList();
        yield return Finding(
            "wrong_line",
            true,
            "lines cannot be used",
            problems.Select(problem => problem.MessageFor(Relative(problem.File)))
        );
        yield return Finding(
            "unreadable_picture",
            true,
            "pictures cannot be read",
            Where(
                each => each.Picture.Unreadable is not null,
                each => $"{Relative(each.Example.Picture)}: {each.Picture.Unreadable}"
            )
        );
        yield return Finding(
            "unreadable_hint",
            true,
            "hints cannot be read",
            Where(
                each => each.Hint?.Unreadable is not null,
                each => $"{Relative(each.Example.Hint!)}: {each.Hint!.Value.Unreadable}"
            )
        );
    }

    private IEnumerable<DatasetFinding?> Captions()
    {
        const int Most = ClipTokenizer.ContextLength - 2;
        yield return Finding("file_left_out", false, $"files are left out: {CaptionFiles.WhatIsRead}", LeftOut());
        yield return Finding(
            "caption_shared",
            false,
            "pictures of one name share the caption beside them; give each a name of its own",
            Shared().Select(picture => $"{Relative(picture)}: {Relative(CaptionFiles.CaptionOf(picture))}")
        );
        yield return Finding(
            "caption_missing",
            false,
            "pictures have no caption; they are trained with an empty prompt",
            Where(each => each.Example.Caption.Length == 0, each => Relative(each.Example.Picture))
        );
        yield return Finding(
            "caption_too_long",
            false,
            $"captions have more than {Most} tokens ({ClipTokenizer.ContextLength} with start and end); the rest is "
                + "left out",
            Where(each => each.Tokens > Most, each => $"{Relative(each.Example.Picture)}: {each.Tokens} tokens")
        );
        yield return Finding(
            "caption_damaged",
            false,
            "captions have characters that are no UTF-8; save the file as UTF-8",
            Where(each => each.Example.Caption.Contains('\uFFFD'), each => Relative(each.Example.Picture))
        );
    }

    private IEnumerable<string> LeftOut() =>
        source.Layout == DatasetLayout.CaptionFiles ? CaptionFiles.LeftOut(source.Folder).Select(Relative) : [];

    private IEnumerable<string> Shared() =>
        source.Layout == DatasetLayout.CaptionFiles
            ? CaptionFiles.SharingACaption(facts.Select(each => each.Example.Picture))
            : [];

    private IEnumerable<DatasetFinding?> Hints()
    {
        yield return Finding(
            "hint_blank",
            false,
            "hints have one colour only and say nothing",
            Where(each => each.Drawing is { IsBlank: true }, HintFile)
        );
        yield return Finding(
            "hint_polarity",
            false,
            "hints are dark lines on a light ground; ControlNets for lines want white lines on black, so invert them",
            Where(each => each.Drawing is { IsDarkOnLight: true }, HintFile)
        );
        yield return Finding(
            "hint_channel_order",
            false,
            "hints are normal maps in which red, not blue, is the axis to the viewer; red and blue are swapped (BGR)",
            NormalsWithSwappedChannels().Select(HintFile)
        );
        yield return Finding(
            "hint_shape",
            true,
            "hints have another shape than their pictures, so that their contents cannot lie on each other",
            Where(each => each.HasOtherShape, HintSize)
        );
        yield return Finding(
            "hint_size",
            false,
            "hints have another size than their pictures, in the same shape; they are scaled",
            Where(
                each =>
                    each.Hint is { Unreadable: null } hint
                    && each.Picture.Unreadable is null
                    && !each.HasOtherShape
                    && (hint.Width, hint.Height) != (each.Picture.Width, each.Picture.Height),
                HintSize
            )
        );
        yield return Finding(
            "hint_shifted",
            false,
            "hints do not lie on their pictures: their edges fit better when they are moved",
            Where(
                each => each.Shift is not null,
                each => $"{HintFile(each)}: by {each.Shift!.Value.X}, {each.Shift.Value.Y} pixels (right, down)"
            )
        );
    }

    /// <summary>
    /// Where the whole set is swapped, every map whose red is larger; else single maps that leave no doubt, since a
    /// wall may well look to the side.
    /// </summary>
    private IEnumerable<ExampleFacts> NormalsWithSwappedChannels()
    {
        var drawn = facts.Where(each => each.Drawing is { IsBlank: false }).ToList();
        var maps = drawn.Where(each => each.Drawing!.IsNormalMap).ToList();
        if (maps.Count == 0 || maps.Count < NearlyAll * drawn.Count)
        {
            return [];
        }

        var allAreSwapped = maps.Average(each => each.Drawing!.MeanRed - each.Drawing.MeanBlue) > Clearly;
        return maps.Where(each =>
            each.Drawing!.MeanRed > each.Drawing.MeanBlue + (allAreSwapped ? 0 : Clearly)
            && (allAreSwapped || each.Drawing.AwayBlue > 0.05)
        );
    }

    private IEnumerable<DatasetFinding?> Duplicates()
    {
        var pictures = facts.Where(each => each.Likeness is not null).ToList();
        var firsts = new Dictionary<UInt128, int>();
        var (same, single) = (new List<string>(), new List<ExampleFacts>());
        foreach (var each in pictures)
        {
            if (firsts.TryGetValue(each.Likeness!.Pixels, out var first))
            {
                same.Add($"{Relative(each.Example.Picture)} = {Relative(single[first].Example.Picture)}");
            }
            else
            {
                firsts[each.Likeness.Pixels] = single.Count;
                single.Add(each);
            }
        }

        var nearest = new int[single.Count];
        Parallel.For(
            0,
            single.Count,
            i =>
            {
                var j = 0;
                while (j < i && !single[i].Likeness!.IsNear(single[j].Likeness!))
                {
                    j++;
                }

                nearest[i] = j;
            }
        );
        yield return Finding(
            "duplicate",
            false,
            "pictures are the same as another one, pixel for pixel; they count several times",
            same
        );
        yield return Finding(
            "near_duplicate",
            false,
            "pictures are nearly the same as another one",
            Enumerable
                .Range(0, single.Count)
                .Where(i => nearest[i] < i)
                .Select(i => $"{Relative(single[i].Example.Picture)} ≈ {Relative(single[nearest[i]].Example.Picture)}")
        );
    }

    private IEnumerable<DatasetFinding?> Sizes()
    {
        var fits = facts
            .Where(each => each.Picture.Unreadable is null)
            .Select(each =>
                (
                    each.Example.Picture,
                    each.Picture.Width,
                    each.Picture.Height,
                    Fit: buckets.Fit(each.Picture.Width, each.Picture.Height)
                )
            )
            .ToList();
        yield return Finding(
            "cropped",
            false,
            $"pictures lose more than {MuchCropped:p0} of their area at resolution {buckets.Resolution}",
            fits.Where(each => each.Fit.Cropped > MuchCropped)
                .Select(each =>
                    $"{Relative(each.Picture)}: {each.Width} x {each.Height}, {each.Fit.Cropped:p0} at {each.Fit.Size}"
                )
        );
        yield return Finding(
            "enlarged",
            false,
            $"pictures are smaller than their size at resolution {buckets.Resolution} and are enlarged, which teaches "
                + "blur",
            fits.Where(each => each.Fit.Scale > 1)
                .Select(each => $"{Relative(each.Picture)}: {each.Width} x {each.Height} to {each.Fit.Size}")
        );
    }

    private IEnumerable<string> Where(Func<ExampleFacts, bool> condition, Func<ExampleFacts, string> name) =>
        facts.Where(condition).Select(name);

    private string HintFile(ExampleFacts each) => Relative(each.Example.Hint!);

    private string HintSize(ExampleFacts each) =>
        $"{HintFile(each)}: {each.Hint!.Value.Width} x {each.Hint.Value.Height}, picture {each.Picture.Width} x "
        + $"{each.Picture.Height}";

    private string Relative(string file) => Path.GetRelativePath(source.Folder, file).Replace('\\', '/');

    private static DatasetFinding? Finding(
        string code,
        bool preventsTraining,
        string meaning,
        IEnumerable<string> files
    )
    {
        var all = files.ToList();
        return all.Count == 0
            ? null
            : new DatasetFinding(code, preventsTraining, all.Count, meaning, all[..Math.Min(Named, all.Count)]);
    }
}
