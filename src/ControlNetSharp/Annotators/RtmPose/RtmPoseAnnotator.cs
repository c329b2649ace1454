using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.RtmPose;

/// <summary>
/// Persons by networks of the RTMPose family as ONNX files: DWPose with hands and face, RTMPose with what its file
/// finds. Where no person is seen the whole picture is looked at, as in the original (annotator/dwpose,
/// IDEA-Research/DWPose@3dca5db).
/// </summary>
internal sealed class RtmPoseAnnotator(AnnotatorInfo info, TopDownPoses poses) : PoseAnnotator
{
    private const string PersonThreshold = "person_threshold";
    private const string PointThreshold = "point_threshold";
    private const double UsualThreshold = 0.3;
    private static readonly int[] Person = [0];

    /// <summary>DWPose: bodies, hands and faces.</summary>
    public static readonly AnnotatorInfo DwPose = Row(
        ["dw_openpose_full", "dwpose"],
        "skeletons of persons with hands and faces, by DWPose (ONNX)",
        new(["dw-ll_ucoco_384.onnx"], "yzd-v/DWPose", "Apache-2.0")
    );

    /// <summary>RTMPose: bodies, and hands and faces where the file is one for whole bodies.</summary>
    public static readonly AnnotatorInfo RtmPose = Row(
        ["rtmpose"],
        "skeletons of persons, by RTMPose (ONNX); with hands and faces by files for whole bodies",
        new(
            // The editions for animals, hands or faces alone have other words behind simcc.
            [
                "rtmpose-*_simcc-body*.onnx",
                "rtmpose-*_simcc-ucoco*.onnx",
                "rtmpose-*_simcc-coco*.onnx",
                "rtmpose-*_simcc-aic-coco*.onnx",
                "rtmw-*_simcc-*.onnx",
            ],
            "open-mmlab/mmpose, projects/rtmpose (end2end.onnx under the name of its archive)",
            "Apache-2.0"
        )
    );

    /// <inheritdoc/>
    public override AnnotatorInfo Info => info;

    /// <inheritdoc/>
    public override PoseKeypoints Detect(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(picture);
        options ??= new AnnotatorOptions(info);
        var least = options[PointThreshold];
        var people = poses
            .Find(picture, Person, options[PersonThreshold], looksAtAll: true, CocoPoints.Body, cancellationToken)
            .Select(points => points.Select(point => point.Score >= least ? point.Point : (PosePoint?)null).ToList())
            .Where(points => points.Exists(point => point is not null))
            .Select(CocoPoints.ToOpenPose);
        return new(picture.Width, picture.Height, [.. people]) { FoundBy = info.Name };
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => poses.Dispose();

    private static AnnotatorInfo Row(string[] names, string meaning, AnnotatorWeights weights) =>
        new(
            "pose",
            names,
            [
                new(
                    PersonThreshold,
                    0,
                    1,
                    UsualThreshold,
                    Whole: false,
                    "people up to this score are left out"
                ),
                new(PointThreshold, 0, 1, UsualThreshold, Whole: false, "points below this score are left out"),
                PoseStyles.Option,
            ],
            meaning
        )
        {
            Weights = TopDownPoses.DetectorWeights,
            FurtherWeights = [weights],
        };
}
