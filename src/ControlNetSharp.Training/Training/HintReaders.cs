using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Embedded;
using ControlNetSharp.Runtime;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Training;

/// <summary>
/// How far what the embedded annotators' network reads in pictures is from their hints, with gradients to the pictures.
/// Another kind that the network reads is a row here.
/// </summary>
internal static class HintReaders
{
    /// <summary>Straight lines are some of the edges: others may be there, and count so much.</summary>
    private const double OtherEdges = 0.1;

    /// <summary>Colours that are farther from all of the palette (in RGB, 0 to 255) are of no class.</summary>
    private const double FarthestColour = 12;

    /// <summary>Logarithm of the metres beyond which there is sky, whose direction the network does not know.</summary>
    private static readonly double Sky = Math.Log(200);

    /// <summary>
    /// The colours of the classes, [1, classes, 3, 1, 1], 0..1; made when a hint is read, for names are told without
    /// libtorch.
    /// </summary>
    private static readonly Lazy<Tensor> Palette = new(() =>
        tensor(
                EmbeddedClasses
                    .All.Select(label => Ade20kPalette.ColourOf(label))
                    .SelectMany(colour => new[] { colour.Red / 255f, colour.Green / 255f, colour.Blue / 255f })
                    .ToArray()
            )
            .reshape(1, -1, 3, 1, 1)
            .DetachFromDisposeScope()
    );

    private static readonly Dictionary<string, Row> Rows = new(StringComparer.Ordinal)
    {
        ["canny"] = new(5, (maps, hints) => Lines(maps, hints)),
        ["hough"] = new(5, (maps, hints) => Lines(maps, hints, reach: 3, elsewhere: OtherEdges)),
        ["hed"] = new(2.5, (maps, hints) => Lines(maps, hints)),
        ["scribble"] = new(1.3, (maps, hints) => Lines(maps, hints, reach: 3)),
        ["segmentation"] = new(0.08, Areas),
        ["normal"] = new(3.5, Directions),
        ["depth"] = new(4.5, Nearness),
        ["lineart"] = new(8, (maps, hints) => Lines(maps, hints)),
    };

    /// <summary>The condition kinds that are read.</summary>
    public static IReadOnlyCollection<string> Kinds => Rows.Keys;

    /// <summary>Whether there is a row for a condition.</summary>
    /// <param name="condition">A kind's name or alias, or a name of one's own.</param>
    public static bool Has(string condition) => Rows.ContainsKey(KindOf(condition));

    /// <summary>The loss of each picture: about 1 more for another scene than for the hint's own.</summary>
    /// <param name="condition">One that <see cref="Has"/> a row.</param>
    /// <param name="maps">What the network sees in B pictures.</param>
    /// <param name="hints">[B, 3, H, W] of any size, 0..1. Borrowed.</param>
    /// <returns>[B], 0 or more, lower is better; of the dispose scope.</returns>
    public static Tensor Losses(string condition, EmbeddedMaps maps, Tensor hints)
    {
        using var scope = NewDisposeScope();
        return Differences(condition, maps, hints).Times(Rows[KindOf(condition)].Scale).MoveToOuterDisposeScope();
    }

    /// <summary>The same as it is measured: nats, shares of directions or of variance.</summary>
    /// <inheritdoc cref="Losses"/>
    internal static Tensor Differences(string condition, EmbeddedMaps maps, Tensor hints)
    {
        using var scope = NewDisposeScope();
        return Rows[KindOf(condition)].Difference(maps, hints).MoveToOuterDisposeScope();
    }

    private static long[] SizeOf(Tensor map) => [map.shape[2], map.shape[3]];

    private static string KindOf(string condition) =>
        ConditionKind.All.FirstOrDefault(kind => kind.IsCalled(condition))?.Name ?? condition;

    /// <summary>Binary cross-entropy of the edges with how bright the lines are.</summary>
    /// <param name="maps">What is seen.</param>
    /// <param name="hints">Bright lines on black.</param>
    /// <param name="reach">Lines are so many pixels wider than edges, less one; odd.</param>
    /// <param name="elsewhere">What a black pixel counts.</param>
    private static Tensor Lines(EmbeddedMaps maps, Tensor hints, long reach = 1, double elsewhere = 1)
    {
        var edges = reach == 1 ? maps.Edges : max_pool2d(maps.Edges, reach, 1, reach / 2);
        var (grey, size) = (hints.mean([1], keepdim: true), SizeOf(edges));
        // Of several pixels the brightest: the mean of a thin line and of what is beside it is no line.
        var lines = SizeOf(grey).SequenceEqual(size) ? grey : adaptive_max_pool2d(grey, size);
        var counts = lines.Times(1 - elsewhere).Plus(elsewhere);
        var error = binary_cross_entropy_with_logits(edges, lines, reduction: nn.Reduction.None);
        return (error * counts).sum([1, 2, 3]) / counts.sum([1, 2, 3]);
    }

    /// <summary>Cross-entropy with the classes that the hint's colours mean; other colours do not count.</summary>
    private static Tensor Areas(EmbeddedMaps maps, Tensor hints)
    {
        const long NoClass = -100;
        var colours = interpolate(hints, size: SizeOf(maps.Classes), mode: InterpolationMode.Nearest);
        var (distances, labels) = (colours.unsqueeze(1) - Palette.Value.to(hints.device)).square().sum(2).min(1);
        var isOfNone = distances.IsAbove(Math.Pow(FarthestColour / 255, 2));
        labels = labels.where(isOfNone.logical_not(), tensor(NoClass, device: labels.device));
        var error = cross_entropy(maps.Classes, labels, ignore_index: NoClass, reduction: nn.Reduction.None);
        return error.sum([1, 2]) / isOfNone.logical_not().sum([1, 2]).to(ScalarType.Float32).AtLeast(1);
    }

    /// <summary>One less the cosine of the angle between directions, where there is no sky.</summary>
    private static Tensor Directions(EmbeddedMaps maps, Tensor hints)
    {
        // The colours of NormalColours: red is left, where x is right.
        var wanted =
            adaptive_avg_pool2d(hints, SizeOf(maps.Normals)).Times(2).Minus(1)
            * tensor(new[] { -1f, 1f, 1f }, device: hints.device).reshape(1, 3, 1, 1);
        var solid = maps.Depth.detach().IsAtLeast(Sky).logical_not().squeeze(1).to(ScalarType.Float32);
        var error = cosine_similarity(maps.Normals, wanted, dim: 1).SubtractedFrom(1);
        return (error * solid).sum([1, 2]) / solid.sum([1, 2]).AtLeast(1);
    }

    /// <summary>
    /// Half the squared difference of nearness (one over the distance) and brightness, both with mean 0 and deviation
    /// 1, since a hint has neither scale nor shift: one less their correlation.
    /// </summary>
    private static Tensor Nearness(EmbeddedMaps maps, Tensor hints)
    {
        var wanted = adaptive_avg_pool2d(hints.mean([1], keepdim: true), SizeOf(maps.Depth));
        return (Standard(maps.Depth.neg().exp()) - Standard(wanted)).square().mean([1, 2, 3]).Over(2);

        static Tensor Standard(Tensor map)
        {
            const double LeastVariance = 1e-6;
            var centred = map - map.mean([1, 2, 3], keepdim: true);
            return centred / centred.square().mean([1, 2, 3], keepdim: true).Plus(LeastVariance).sqrt();
        }
    }

    /// <summary>How a kind is read.</summary>
    /// <param name="Scale">
    /// What makes the kinds weigh alike: one over how much more the pictures of other scenes differ than those of the
    /// hints, in the mean of three scenes.
    /// </param>
    /// <param name="Difference">Of each picture, from the maps and the hints.</param>
    private sealed record Row(double Scale, Func<EmbeddedMaps, Tensor, Tensor> Difference);
}
