using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// What a latent consistency model learns from: a locked UNet with classifier-free guidance, which its student then
/// does without; and locked ControlNets, by which both are controlled in some batches.
/// </summary>
/// <param name="unet">The locked UNet. Borrowed.</param>
/// <param name="noPrompt">The empty prompt, of one example: the unconditional side. Borrowed.</param>
/// <param name="guidanceScale">1 or more.</param>
/// <param name="controls">The ControlNets by condition; none where nothing is controlled. Borrowed.</param>
internal sealed class GuidedTeacher(
    UNet unet,
    ExampleText noPrompt,
    double guidanceScale,
    IReadOnlyDictionary<string, ControlNet> controls
)
{
    private readonly ScalarType _compute = unet.parameters().First().dtype;

    /// <summary>Whether there are ControlNets.</summary>
    public bool HasControls => controls.Count > 0;

    /// <summary>The ControlNet of a condition; null where there is none.</summary>
    public ControlNet? ControlNetOf(string condition) => controls.GetValueOrDefault(condition);

    /// <summary>What controls a batch; null where its condition has no ControlNet.</summary>
    /// <param name="condition">The condition of its examples.</param>
    /// <param name="hints">[B, 3, 8h, 8w], 0..1.</param>
    public LockedControl? ControlOf(string condition, Tensor hints) =>
        ControlNetOf(condition) is { } controlNet ? new(controlNet, hints.to(_compute)) : null;

    /// <summary>
    /// What the teacher predicts of a batch, with guidance: noisy latents [B, 4, h, w] and timesteps [B] to [B, 4, h,
    /// w], float32.
    /// </summary>
    /// <param name="examples">The batch. Borrowed.</param>
    /// <param name="text">Its texts. Borrowed.</param>
    /// <param name="control">What controls it; null for nothing. Borrowed.</param>
    public Func<Tensor, Tensor, Tensor> Of(ExampleBatch examples, ExampleText text, LockedControl? control = null) =>
        (noisy, timesteps) => Predict(noisy, timesteps, examples, text, control);

    /// <summary>
    /// Both sides in one call, controlled alike. Source: Ho and Salimans 2022, arXiv:2207.12598, equation (6). Noise,
    /// velocity and clean latents are guided alike, since each follows linearly from the other.
    /// </summary>
    private Tensor Predict(
        Tensor noisy,
        Tensor timesteps,
        ExampleBatch examples,
        ExampleText text,
        LockedControl? control
    )
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var empty = text.Replaced(ones([noisy.shape[0]], ScalarType.Bool, device: noisy.device), noPrompt);
        Tensor Both(Tensor unconditional, Tensor conditional) => cat([unconditional, conditional], 0).to(_compute);
        var (x, t, context) = (Both(noisy, noisy), cat([timesteps, timesteps], 0), Both(empty.Context, text.Context));
        var vector = examples.Vector(text, unet.Params) is { } conditional
            ? Both(examples.Vector(empty, unet.Params)!, conditional)
            : null;
        var sides = unet.Forward(x, t, context, control?.Residuals(x, t, context, vector), vector)
            .to(ScalarType.Float32)
            .chunk(2, 0);
        return sides[0].Plus((sides[1] - sides[0]).Times(guidanceScale)).MoveToOuterDisposeScope();
    }
}
