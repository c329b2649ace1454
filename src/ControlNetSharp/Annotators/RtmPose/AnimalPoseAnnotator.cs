using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.RtmPose;

/// <summary>
/// Animals by RTMPose trained on AP-10K, as an ONNX file (A1111: animal_openpose). All points are drawn, however
/// unsure they are, as there.
/// </summary>
internal sealed class AnimalPoseAnnotator(TopDownPoses poses) : PoseAnnotator
{
    private const string AnimalThreshold = "animal_threshold";

    /// <summary>Its row of the catalogue.</summary>
    public static readonly AnnotatorInfo Description = new(
        "pose",
        ["animal_openpose"],
        [new(AnimalThreshold, 0, 1, 0.3, Whole: false, "animals up to this score are left out")],
        "skeletons of animals, by RTMPose (ONNX), for ControlNets of animals"
    )
    {
        Weights = TopDownPoses.DetectorWeights,
        FurtherWeights =
        [
            new(
                [
                    "rtmpose-m_simcc-ap10k_pt-aic-coco_210e-256x256-7a041aa1_20230206.onnx",
                    "rtmpose-*ap10k*.onnx",
                ],
                "open-mmlab/mmpose, projects/rtmpose",
                "Apache-2.0"
            ),
        ],
    };

    /// <summary>From bird to giraffe, in the order of COCO's classes.</summary>
    private static readonly int[] Animals = [.. Enumerable.Range(14, 10)];

    /// <inheritdoc/>
    public override AnnotatorInfo Info => Description;

    /// <inheritdoc/>
    public override PoseKeypoints Detect(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(picture);
        options ??= new AnnotatorOptions(Description);
        var animals = poses
            .Find(
                picture,
                Animals,
                options[AnimalThreshold],
                looksAtAll: false,
                PoseKeypoints.AnimalPoints,
                cancellationToken
            )
            .Select(points =>
                (IReadOnlyList<PosePoint?>)
                    [.. points.Take(PoseKeypoints.AnimalPoints).Select(point => (PosePoint?)point.Point)]
            );
        return new(picture.Width, picture.Height, []) { Animals = [.. animals], FoundBy = Description.Name };
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => poses.Dispose();
}
