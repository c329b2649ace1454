using ControlNetSharp.Annotators.Onnx;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.RtmPose;

/// <summary>
/// Two ONNX models: one finds persons or animals, the other the points of each. They compute on the CPU.
/// </summary>
internal sealed class TopDownPoses(NetworkLease<IOnnxModel> detector, NetworkLease<IOnnxModel> poses) : IDisposable
{
    /// <summary>What finds persons and animals.</summary>
    public static AnnotatorWeights DetectorWeights { get; } =
        new(["yolox_l.onnx"], "yzd-v/DWPose", "Apache-2.0");

    /// <summary>Rents both models of an annotator.</summary>
    /// <param name="info">Its row: the detector, and as further file the network of poses.</param>
    /// <param name="networks">Where they come from.</param>
    public static TopDownPoses Rent(AnnotatorInfo info, AnnotatorNetworks networks)
    {
        var (detectorFile, posesFile) = (
            networks.Files.Find(info),
            networks.Files.Find(info, info.FurtherWeights[0])
        );
        var detector = networks.RentOnnx(detectorFile);
        try
        {
            return new(detector, networks.RentOnnx(posesFile));
        }
        catch
        {
            detector.Dispose();
            throw;
        }
    }

    /// <summary>Finds the points of all that is seen, in pixels of the picture, with how sure they are.</summary>
    /// <param name="picture">The picture. Borrowed.</param>
    /// <param name="classes">Classes of COCO that count.</param>
    /// <param name="leastScore">What is seen up to this score is left out.</param>
    /// <param name="looksAtAll">Whether the whole picture is looked at where nothing is seen.</param>
    /// <param name="least">How many points the network must give.</param>
    /// <param name="cancellationToken">Looked at before each run.</param>
    /// <exception cref="CheckpointException">A model is another one than it should be.</exception>
    public IReadOnlyList<IReadOnlyList<(PosePoint Point, float Score)>> Find(
        Picture picture,
        IReadOnlyList<int> classes,
        double leastScore,
        bool looksAtAll,
        int least,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        var boxes = new YoloxDetector(detector.Value).Find(picture, classes, (float)leastScore);
        if (boxes.Count == 0 && looksAtAll)
        {
            boxes = [new(0, 0, picture.Width, picture.Height)];
        }

        var (width, height) = InputSize();
        return
        [
            .. boxes.Select(box =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                var crop = PoseCrop.Around(box, width, height);
                var points = SimccDecoder.Decode(poses.Value.Run(crop.Input(picture)), crop, poses.Value.File);
                return points.Count >= least
                    ? points
                    : throw new CheckpointException(
                        poses.Value.File,
                        $"finds {points.Count} points; at least {least} are needed."
                    );
            }),
        ];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        detector.Dispose();
        poses.Dispose();
    }

    private (int Width, int Height) InputSize() =>
        poses.Value.Input.Shape is [_, _, { } height, { } width]
            ? (width, height)
            : throw new CheckpointException(
                poses.Value.File,
                $"takes [{OnnxPort.Sides(poses.Value.Input.Shape)}]; a network of poses takes pictures of a fixed "
                    + "size: [1, 3, height, width]."
            );
}
