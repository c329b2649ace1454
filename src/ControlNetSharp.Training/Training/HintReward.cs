using ControlNetSharp.Annotators.Embedded;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// Cycle consistency as a reward: what is predicted in one step from latents with little noise is decoded, and what is
/// read in it compared with the hint, so that a control learns what its hints mean and not only how pictures are
/// denoised. Gradients go through reader and Autoencoder, both locked, to the prediction. Source: Li et al. 2024
/// (ControlNet++), arXiv:2404.07987.
/// </summary>
/// <param name="decode">Latents [B, 4, h, w] to pictures [B, 3, 8h, 8w], about −1..1, with gradients.</param>
/// <param name="vision">The reader, which it then owns.</param>
/// <param name="options">Weight and timestep.</param>
internal sealed class HintReward(Func<Tensor, Tensor> decode, EmbeddedVision vision, RewardOptions options)
    : IDisposable
{
    /// <summary>Weight and timestep.</summary>
    public RewardOptions Options => options;

    /// <summary>A reward by a model's Autoencoder.</summary>
    /// <param name="model">The model. Borrowed.</param>
    /// <param name="vision">The reader, which it then owns.</param>
    /// <param name="options">Weight and timestep.</param>
    public static HintReward Of(DiffusionModel model, EmbeddedVision vision, RewardOptions options) =>
        new(
            latents =>
                model.Autoencoder.Decode(latents.Over(model.Autoencoder.Params.ScaleFactor).to(model.Placement.Dtype)),
            vision,
            options
        );

    /// <summary>The losses of the rewarded examples of a batch. Nothing is decoded of the others.</summary>
    /// <param name="loss">Says what a prediction means.</param>
    /// <param name="noisy">[B, 4, h, w]. Borrowed.</param>
    /// <param name="prediction">What is predicted from them. Borrowed.</param>
    /// <param name="timesteps">Theirs, [B], int64.</param>
    /// <param name="hints">[B, 3, 8h, 8w], 0..1. Borrowed.</param>
    /// <param name="conditions">What each hint shows.</param>
    /// <returns>
    /// [n], unweighted, of those whose timestep is small enough and whose hint can be read; of the dispose scope. Null
    /// where there are none.
    /// </returns>
    public Tensor? Losses(
        DenoisingLoss loss,
        Tensor noisy,
        Tensor prediction,
        Tensor timesteps,
        Tensor hints,
        IReadOnlyList<string> conditions
    )
    {
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(conditions);
        using var scope = NewDisposeScope();
        var at = timesteps.cpu().data<long>().ToArray();
        long[] rewarded =
        [
            .. Enumerable
                .Range(0, at.Length)
                .Where(i => at[i] <= options.Timestep && HintReaders.Has(conditions[i]))
                .Select(i => (long)i),
        ];
        if (rewarded.Length == 0)
        {
            return null;
        }

        Tensor Some(Tensor all, long[] indices) => all.index_select(0, tensor(indices, device: all.device));
        var (clean, _) = loss.Parts(
            Some(noisy, rewarded),
            Some(prediction, rewarded),
            [.. rewarded.Select(i => at[i])]
        );
        // As a file would have it: stronger than black and white cannot be.
        var maps = vision.Look(decode(clean).AtLeast(-1).AtMost(1));
        var losses = Enumerable
            .Range(0, rewarded.Length)
            .GroupBy(place => conditions[(int)rewarded[place]], StringComparer.Ordinal)
            .Select(group =>
            {
                long[] places = [.. group.Select(place => (long)place)];
                return HintReaders.Losses(
                    group.Key,
                    places.Length == rewarded.Length ? maps : maps.Of(tensor(places, device: noisy.device)),
                    Some(hints, [.. places.Select(place => rewarded[place])])
                );
            })
            .ToArray();
        return cat(losses, 0).MoveToOuterDisposeScope();
    }

    /// <summary>The reader.</summary>
    public void Dispose() => vision.Dispose();
}
