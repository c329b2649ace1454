using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using static TorchSharp.torch;

namespace ControlNetSharp.Annotators.OpenPose;

/// <summary>
/// Finds the hands of a person at four scales in squares beyond the wrists. Source: annotator/openpose/hand.py,
/// lllyasviel/ControlNet@ed85cd1.
/// </summary>
internal sealed class HandFinder(NetworkLease<PointNetwork> network) : IDisposable
{
    /// <summary>Height at which a square is seen at scale 1.</summary>
    private const double BoxSize = 368;

    private static readonly double[] Scales = [0.5, 1, 1.5, 2];

    /// <summary>The person with the hands that were found.</summary>
    public PosePerson WithHands(PosePerson person, Picture picture, CancellationToken cancellationToken)
    {
        foreach (var box in HandBox.Of(person, picture.Width, picture.Height))
        {
            var cut = PicturePadding.Cut(picture, box.X, box.Y, box.Size, box.Size);
            var points = HandPeaks.Find([.. Scales.Select(scale => Maps(cut, scale, cancellationToken))]);
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

    public void Dispose() => network.Dispose();

    private PoseMaps Maps(Picture cut, double scale, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var input = PoseInput.Of(cut, scale * BoxSize / cut.Height);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var hand = network.Value;
        return new(hand.Run(input.ToTensor().ToDeviceOf(hand)).cpu(), input.Width, input.Height, cut.Width, cut.Height);
    }
}
