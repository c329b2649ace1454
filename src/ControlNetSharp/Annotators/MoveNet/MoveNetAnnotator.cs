using ControlNetSharp.Annotators.Embedded;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.MoveNet;

/// <summary>
/// Skeletons of the people in photographs by MoveNet MultiPose, whose weights come with the embedded model.
/// </summary>
public sealed class MoveNetAnnotator : PoseAnnotator
{
    private const string PersonThreshold = "person_threshold";
    private const string PointThreshold = "point_threshold";

    /// <summary>Of people in photographs it keeps nine points of ten, and of those nine of ten are right.</summary>
    private const double UsualThreshold = 0.2;

    internal static readonly AnnotatorInfo Description = new(
        "pose",
        ["movenet"],
        [
            new(PersonThreshold, 0, 1, UsualThreshold, Whole: false, "people up to this score are left out"),
            new(PointThreshold, 0, 1, UsualThreshold, Whole: false, "points up to this score are left out"),
            PoseStyles.Option,
        ],
        "skeletons of people in photographs, by MoveNet"
    )
    {
        Weights = new(["movenet_multipose.safetensors"], "ControlNetSharp.Pocket", "Apache-2.0") { IsEmbedded = true },
        Fallback = EmbeddedPoseAnnotator.Description,
    };

    private readonly NetworkLease<MoveNetNetwork> _network;

    internal MoveNetAnnotator(NetworkLease<MoveNetNetwork> network) => _network = network;

    /// <inheritdoc/>
    public override AnnotatorInfo Info => Description;

    /// <summary>Rents the network.</summary>
    internal static MoveNetAnnotator Rent(AnnotatorNetworks networks) =>
        new(
            networks.Rent(
                networks.Files.Find(Description),
                "MoveNet MultiPose",
                (_, placement) => new MoveNetNetwork(placement)
            )
        );

    /// <inheritdoc/>
    public override PoseKeypoints Detect(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(picture);
        cancellationToken.ThrowIfCancellationRequested();
        options ??= new AnnotatorOptions(Description);
        var people = new MoveNetDetector(_network.Value)
            .Find(picture, options[PersonThreshold], cancellationToken)
            .Select(person => CocoBody.ToOpenPose(person, options[PointThreshold], picture.Width, picture.Height))
            .Where(person => person.Body.Any(point => point is not null));
        return new(picture.Width, picture.Height, [.. people]) { FoundBy = Description.Name };
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _network.Dispose();
}
