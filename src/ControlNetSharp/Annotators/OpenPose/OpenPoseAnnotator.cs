using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using static TorchSharp.torch;

namespace ControlNetSharp.Annotators.OpenPose;

/// <summary>
/// OpenPose: bodies, and on request hands and faces, as coloured skeletons. Bodies are found at a height of 184 pixels
/// whatever the size of the picture, as in the original (annotator/openpose, lllyasviel/ControlNet@ed85cd1); faces as
/// in controlnet_aux@b1aac31.
/// </summary>
public sealed class OpenPoseAnnotator : PoseAnnotator
{
    private const string Licence = "OpenPose: academic or non-profit organization noncommercial research use only";

    /// <summary>Height at which a person that fills the picture is seen.</summary>
    private const double BodyHeight = 184;

    /// <summary>
    /// A picture that is wider than so many heights is scaled to this width; the original's rule would make it as large
    /// as one likes.
    /// </summary>
    private const int MostAspect = 32;

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

    private static readonly AnnotatorWeights FaceWeights = new(
        ["facenet.pth", "facenet.safetensors"],
        "lllyasviel/Annotators",
        Licence
    );

    private static readonly AnnotatorInfo FacesOnly = Row(
        "openpose_faceonly",
        "faces of persons, by OpenPose",
        [FaceWeights]
    );

    /// <summary>What can be looked for; of a person the body is always, but not always shown.</summary>
    internal static readonly IReadOnlyList<AnnotatorInfo> Descriptions =
    [
        Row("openpose", "skeletons of persons, by OpenPose", []),
        Row("openpose_hand", "skeletons of persons with their hands, by OpenPose", [HandWeights]),
        Row("openpose_face", "skeletons of persons with their faces, by OpenPose", [FaceWeights]),
        FacesOnly,
        Row("openpose_full", "skeletons of persons with hands and faces, by OpenPose", [HandWeights, FaceWeights]),
    ];

    private readonly NetworkLease<BodyNetwork> _body;
    private readonly HandFinder? _hands;
    private readonly FaceFinder? _faces;

    internal OpenPoseAnnotator(
        AnnotatorInfo info,
        NetworkLease<BodyNetwork> body,
        HandFinder? hands = null,
        FaceFinder? faces = null
    ) => (Info, _body, _hands, _faces) = (info, body, hands, faces);

    /// <inheritdoc/>
    public override AnnotatorInfo Info { get; }

    /// <summary>Rents the networks.</summary>
    /// <param name="info">One of <see cref="Descriptions"/>.</param>
    /// <param name="networks">Where they come from.</param>
    internal static OpenPoseAnnotator Rent(AnnotatorInfo info, AnnotatorNetworks networks)
    {
        var rented = new List<IDisposable>();
        try
        {
            // All files are found before the first network is loaded.
            var bodyFile = networks.Files.Find(info);
            var handFile = FileOf(HandWeights);
            var faceFile = FileOf(FaceWeights);
            var body = networks.Rent(bodyFile, "an OpenPose body network", (_, place) => new BodyNetwork(place));
            rented.Add(body);
            return new(
                info,
                body,
                handFile is null ? null : new HandFinder(Points(handFile, "hand", PointNetwork.HandMaps)),
                faceFile is null ? null : new FaceFinder(Points(faceFile, "face", PointNetwork.FaceMaps))
            );
        }
        catch
        {
            rented.ForEach(lease => lease.Dispose());
            throw;
        }

        string? FileOf(AnnotatorWeights weights) =>
            info.FurtherWeights.Contains(weights) ? networks.Files.Find(info, weights) : null;

        NetworkLease<PointNetwork> Points(string file, string part, int maps)
        {
            var lease = networks.Rent(
                file,
                $"an OpenPose {part} network",
                (_, placement) => new PointNetwork(maps, placement)
            );
            rented.Add(lease);
            return lease;
        }
    }

    /// <inheritdoc/>
    public override PoseKeypoints Detect(
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
        var people = BodyGrouping
            .Group(peaks, limbs)
            .Select(group => WithDetails(ToPerson(group, peaks), picture, cancellationToken));
        return new(
            picture.Width,
            picture.Height,
            [.. Info == FacesOnly ? people.Where(person => person.Face is not null).Select(FaceAlone) : people]
        )
        {
            FoundBy = Info.Name,
        };
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _body.Dispose();
        _hands?.Dispose();
        _faces?.Dispose();
    }

    internal static PosePerson ToPerson(BodyGroup group, IReadOnlyList<BodyPeak> peaks) =>
        new([.. group.Peaks.Select(i => i < 0 ? (PosePoint?)null : new PosePoint(peaks[i].X, peaks[i].Y))]);

    private (PoseMaps Limbs, PoseMaps Parts) BodyMaps(Picture picture)
    {
        var scale = BodyHeight / Math.Max(picture.Height, (double)picture.Width / MostAspect);
        var input = PoseInput.Of(picture, scale);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var body = _body.Value;
        var (limbs, parts) = body.Run(input.ToTensor().ToDeviceOf(body));
        return (Maps(limbs), Maps(parts));

        PoseMaps Maps(Tensor maps) => new(maps.cpu(), input.Width, input.Height, picture.Width, picture.Height);
    }

    private PosePerson WithDetails(PosePerson person, Picture picture, CancellationToken cancellationToken)
    {
        var withHands = _hands?.WithHands(person, picture, cancellationToken) ?? person;
        return _faces?.WithFace(withHands, picture, cancellationToken) ?? withHands;
    }

    private static PosePerson FaceAlone(PosePerson person) =>
        new(new PosePoint?[PosePerson.BodyPoints]) { Face = person.Face };

    private static AnnotatorInfo Row(string name, string meaning, IReadOnlyList<AnnotatorWeights> further) =>
        new("pose", [name], [PoseStyles.Option], meaning) { Weights = BodyWeights, FurtherWeights = further };
}
