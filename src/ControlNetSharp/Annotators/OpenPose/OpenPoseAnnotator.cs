using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using static TorchSharp.torch;

namespace ControlNetSharp.Annotators.OpenPose;

/// <summary>
/// OpenPose: bodies, and on request hands, as coloured skeletons. Bodies are found at a height of 184 pixels whatever
/// the size of the picture, hands at four scales in squares beyond the wrists, as in the original
/// (annotator/openpose, lllyasviel/ControlNet@ed85cd1).
/// </summary>
public sealed class OpenPoseAnnotator : IAnnotator, IPoseDetector
{
    private const string Licence = "OpenPose: academic or non-profit organization noncommercial research use only";

    /// <summary>Height at which a person that fills the picture is seen.</summary>
    private const double BoxSize = 368;

    private const double BodyScale = 0.5;

    /// <summary>
    /// A picture that is wider than so many heights is scaled to this width; the original's rule would make it as large
    /// as one likes.
    /// </summary>
    private const int MostAspect = 32;

    private static readonly double[] HandScales = [0.5, 1, 1.5, 2];

    private static readonly AnnotatorWeights BodyWeights = new(
        ["body_pose_model.pth", "body_pose_model.safetensors"],
        "lllyasviel/Annotators",
        Licence
    );
    private static readonly AnnotatorWeights HandWeights = new(
        ["hand_pose_model.pth", "hand_pose_model.safetensors"],
        "lllyasviel/Annotators",
        Licence
    );

    /// <summary>Bodies only.</summary>
    internal static readonly AnnotatorInfo BodyDescription = new(
        "pose",
        ["openpose"],
        [],
        "skeletons of persons, by OpenPose"
    )
    {
        Weights = BodyWeights,
    };

    /// <summary>Bodies and hands. A1111's <c>openpose_full</c> finds faces, too; this one does not.</summary>
    internal static readonly AnnotatorInfo HandDescription = new(
        "pose",
        ["openpose_hand", "openpose_full"],
        [],
        "skeletons of persons with their hands, by OpenPose (no faces)"
    )
    {
        Weights = BodyWeights,
        FurtherWeights = [HandWeights],
    };

    private readonly NetworkLease<BodyNetwork> _body;
    private readonly NetworkLease<HandNetwork>? _hand;

    internal OpenPoseAnnotator(NetworkLease<BodyNetwork> body, NetworkLease<HandNetwork>? hand) =>
        (_body, _hand) = (body, hand);

    /// <inheritdoc/>
    public AnnotatorInfo Info => _hand is null ? BodyDescription : HandDescription;

    /// <summary>Rents the networks.</summary>
    /// <param name="networks">Where they come from.</param>
    /// <param name="withHands">Whether hands are wanted, which needs a file of its own.</param>
    internal static OpenPoseAnnotator Rent(AnnotatorNetworks networks, bool withHands = false)
    {
        var info = withHands ? HandDescription : BodyDescription;
        var (bodyFile, handFile) = (
            networks.Files.Find(info),
            withHands ? networks.Files.Find(info, HandWeights) : null
        );
        var body = networks.Rent(bodyFile, "an OpenPose body network", (_, placement) => new BodyNetwork(placement));
        try
        {
            return new(
                body,
                handFile is null
                    ? null
                    : networks.Rent(handFile, "an OpenPose hand network", (_, placement) => new HandNetwork(placement))
            );
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <remarks>The hint is black where no person was found; <see cref="Detect"/> tells.</remarks>
    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    ) => PoseDrawing.Draw(Detect(picture, options, cancellationToken));

    /// <inheritdoc/>
    public PoseKeypoints Detect(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(picture);
        cancellationToken.ThrowIfCancellationRequested();
        var (limbs, parts) = BodyMaps(picture);
        cancellationToken.ThrowIfCancellationRequested();
        var peaks = BodyPeaks.Find(parts);
        var people = BodyGrouping.Group(peaks, limbs).Select(group => ToPerson(group, peaks));
        return new(
            picture.Width,
            picture.Height,
            [.. _hand is null ? people : people.Select(person => WithHands(person, picture, cancellationToken))]
        )
        {
            FoundBy = Info.Name,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _body.Dispose();
        _hand?.Dispose();
    }

    internal static PosePerson ToPerson(BodyGroup group, IReadOnlyList<BodyPeak> peaks) =>
        new([.. group.Peaks.Select(i => i < 0 ? (PosePoint?)null : new PosePoint(peaks[i].X, peaks[i].Y))]);

    private (PoseMaps Limbs, PoseMaps Parts) BodyMaps(Picture picture)
    {
        var scale = BodyScale * BoxSize / Math.Max(picture.Height, (double)picture.Width / MostAspect);
        var input = PoseInput.Of(picture, scale);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var body = _body.Value;
        var (limbs, parts) = body.Run(input.ToTensor().ToDeviceOf(body));
        return (Maps(limbs), Maps(parts));

        PoseMaps Maps(Tensor maps) => new(maps.cpu(), input.Width, input.Height, picture.Width, picture.Height);
    }

    private PosePerson WithHands(PosePerson person, Picture picture, CancellationToken cancellationToken)
    {
        foreach (var box in HandBox.Of(person, picture.Width, picture.Height))
        {
            var points = HandPeaks.Find([
                .. HandScales.Select(scale => HandMaps(Cut(picture, box), scale, cancellationToken)),
            ]);
            IReadOnlyList<PosePoint?>? hand = points.Any(point => point is not null)
                ?
                [
                    .. points.Select(point =>
                        point is { } p ? new PosePoint(p.X + box.X, p.Y + box.Y) : (PosePoint?)null
                    ),
                ]
                : null;
            person = box.IsLeft ? person with { LeftHand = hand } : person with { RightHand = hand };
        }

        return person;
    }

    private PoseMaps HandMaps(Picture cut, double scale, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var input = PoseInput.Of(cut, scale * BoxSize / cut.Height);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var hand = _hand!.Value;
        return new(hand.Run(input.ToTensor().ToDeviceOf(hand)).cpu(), input.Width, input.Height, cut.Width, cut.Height);
    }

    private static Picture Cut(Picture picture, HandBox box)
    {
        var rgb = new byte[3 * box.Size * box.Size];
        for (var y = 0; y < box.Size; y++)
        {
            picture
                .Rgb.Slice(3 * ((box.Y + y) * picture.Width + box.X), 3 * box.Size)
                .CopyTo(rgb.AsSpan(3 * y * box.Size));
        }

        return Picture.Owning(box.Size, box.Size, rgb);
    }
}
