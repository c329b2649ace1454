using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using static TorchSharp.torch;

namespace ControlNetSharp.Annotators.OpenPose;

/// <summary>
/// Finds the face of a person in a square around the nose, which the network sees at 384 x 384 pixels. Source:
/// open_pose, detect_face and face.py, controlnet_aux@b1aac31.
/// </summary>
internal sealed class FaceFinder(NetworkLease<PointNetwork> network) : IDisposable
{
    private const int Side = 384;

    /// <summary>The person with the face that was found.</summary>
    public PosePerson WithFace(PosePerson person, Picture picture, CancellationToken cancellationToken)
    {
        if (FaceBox.Of(person, picture.Width, picture.Height) is not { } box)
        {
            return person;
        }

        cancellationToken.ThrowIfCancellationRequested();
        // The box can reach beyond the right and lower edges; what is there is stretched to a square.
        var cut = PicturePadding.Cut(
            picture,
            box.X,
            box.Y,
            Math.Min(box.Size, picture.Width - box.X),
            Math.Min(box.Size, picture.Height - box.Y)
        );
        var shrinks = cut.Width + cut.Height > 2 * Side;
        var seen = PictureResizing.Resize(cut, Side, Side, shrinks ? Interpolation.Area : Interpolation.Lanczos4);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var face = network.Value;
        var maps = face.Run(PoseInput.Of(seen, scale: 1).ToTensor().ToDeviceOf(face)).cpu();
        // The original puts points in the first column and row of the square outside of the picture: the place of the
        // ground is mostly there.
        var points = FacePeaks
            .Find(maps, cut.Width, cut.Height)
            .Select(point =>
                point is { X: > 0, Y: > 0 } ? new PosePoint(point.X + box.X, point.Y + box.Y) : (PosePoint?)null
            )
            .ToList();
        return points.Exists(point => point is not null) ? person with { Face = points } : person;
    }

    public void Dispose() => network.Dispose();
}
