using ControlNetSharp.Annotators.Embedded;
using ControlNetSharp.Runtime;
using ControlNetSharp.Training;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.PocketTraining;

/// <summary>The loss by which the embedded annotators' network learns from scenes.</summary>
internal static class EmbeddedNetworkLoss
{
    /// <summary>Depth of the sky in metres: farther than anything.</summary>
    private const double SkyMetres = 300;

    /// <summary>Edges are few; a missed one counts as so many wrong ones.</summary>
    private const double EdgeWeight = 2;

    /// <summary>Values on bodies are few; the error there counts so much more.</summary>
    private const double BodyWeight = 20;

    /// <summary>
    /// A depth that is wrong by more than this logarithm teaches no more than one that is wrong by it.
    /// </summary>
    private const double WorstDepth = 1;

    // The shares of the tasks, by which all of them improve at once.
    private const double EdgeShare = 0.6;
    private const double DepthShare = 0.5;
    private const double ShapeShare = 1.5;
    private const double NormalShare = 2;
    private const double ClassShare = 1;
    private const double PoseShare = 30;

    /// <summary>The loss on a batch.</summary>
    /// <param name="maps">What the network saw.</param>
    /// <param name="truth">What is there.</param>
    /// <param name="dx">
    /// Which of the two columns of pixels the maps of half size are compared with, 0 or 1; drawn anew each time, so
    /// that they learn what lies between.
    /// </param>
    /// <param name="dy">Which of the two rows.</param>
    /// <param name="classWeights">What a pixel of each class weighs.</param>
    /// <returns>A scalar.</returns>
    public static Tensor Of(EmbeddedMaps maps, SceneBatch truth, int dx, int dy, IReadOnlyList<float> classWeights)
    {
        ArgumentNullException.ThrowIfNull(maps);
        ArgumentNullException.ThrowIfNull(truth);
        using var scope = NewDisposeScope();
        Tensor Half(Tensor map) => map.slice(-1, dx, map.shape[^1], 2).slice(-2, dy, map.shape[^2], 2);
        var depth = Half(truth.Depth);
        var solid = depth.isfinite().to(ScalarType.Float32);
        var depthError = maps.Depth - depth.AtMost(Math.Log(SkyMetres));
        var normalError = functional
            .cosine_similarity(maps.Normals, Half(truth.Normals), dim: 1)
            .unsqueeze(1)
            .SubtractedFrom(1);
        Tensor OfSolid(Tensor error) => (error * solid).sum() / solid.sum().AtLeast(1);
        var loss = functional
            .binary_cross_entropy_with_logits(maps.Edges, truth.Edges, pos_weights: tensor((float)EdgeWeight))
            .Times(EdgeShare)
            .Plus(depthError.abs().mean().Times(DepthShare))
            .Plus(OfSolid(ShapeError(depthError, solid)).Times(ShapeShare))
            .Plus(OfSolid(normalError).Times(NormalShare))
            .Plus(
                functional
                    .cross_entropy(maps.Classes, Half(truth.Classes), weight: tensor(classWeights.ToArray()))
                    .Times(ClassShare)
            )
            .Plus(Weighed(maps.Parts, truth.Parts).Plus(Weighed(maps.Limbs, truth.Limbs)).Times(PoseShare));
        return loss.MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The relative error of depths once the scale of each picture is made right, as
    /// <see cref="Evaluation.DepthAgreement"/> measures it; beyond <see cref="WorstDepth"/> it grows no faster than the
    /// logarithm.
    /// </summary>
    private static Tensor ShapeError(Tensor logError, Tensor solid)
    {
        var measured = logError.detach().where(solid.IsAbove(0), tensor(float.NaN)).flatten(1);
        var shift = nanquantile(measured, tensor(0.5f), 1).nan_to_num(0).view(-1, 1, 1, 1);
        var error = logError - shift;
        return error.AtMost(WorstDepth).exp().Minus(1).abs().Plus(error.Minus(WorstDepth).AtLeast(0));
    }

    private static Tensor Weighed(Tensor map, Tensor truth) =>
        ((map - truth).square() * truth.abs().Times(BodyWeight).Plus(1)).mean();
}
