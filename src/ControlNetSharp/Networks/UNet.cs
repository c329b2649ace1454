using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Networks;

/// <summary>
/// The denoising network of Stable Diffusion: noisy latents, timestep and text -> prediction, with optional control
/// residuals added to its skip connections.
/// Names are LDM's (without <c>model.diffusion_model.</c>). Source: LDM openaimodel.py, UNetModel; ControlNet cldm.py,
/// ControlledUnetModel.
/// </summary>
public sealed class UNet : Module
{
    private const double OutEpsilon = 1e-5;

    [ComponentName(Name = "time_embed")]
    private readonly TimeEmbedding _timeEmbedding;

    [ComponentName(Name = "label_emb")]
    private readonly VectorEmbedding? _vectorEmbedding;

    [ComponentName(Name = "input_blocks")]
    private readonly ModuleList<Stage> _inputBlocks;

    [ComponentName(Name = "middle_block")]
    private readonly Stage _middleBlock;

    [ComponentName(Name = "output_blocks")]
    private readonly ModuleList<Stage> _outputBlocks;

    [ComponentName(Name = "out")]
    private readonly NamedLayers _out;

    /// <summary>Creates the network; its weights are uninitialised until loaded or set.</summary>
    public UNet(UNetParams p, Placement placement)
        : base(nameof(UNet))
    {
        ArgumentNullException.ThrowIfNull(p);
        Params = p;
        _timeEmbedding = new(p.ModelChannels, placement);
        _vectorEmbedding = VectorEmbedding.Of(p, placement);
        _inputBlocks = Made(UNetStages.Input(p), placement);
        _middleBlock = UNetStages.Middle(p).Create(placement);
        _outputBlocks = Made(UNetStages.Output(p), placement);
        NormOut = new(p.NormGroups, p.ModelChannels, OutEpsilon, placement);
        ConvolutionOut = new(p.ModelChannels, p.OutChannels, 3, 1, 1, placement);
        _out = new(("0", NormOut), ("2", ConvolutionOut));
        RegisterComponents();
    }

    /// <summary>The network's shape.</summary>
    public UNetParams Params { get; }

    /// <summary>
    /// Whether training computes the inside of each block again in the backward pass, which takes less memory and more
    /// time (gradient checkpointing).
    /// </summary>
    public bool Checkpointing { get; set; }

    private GroupNormLayer NormOut { get; }

    private ConvolutionLayer ConvolutionOut { get; }

    /// <summary>
    /// Predicts noise (or velocity: the checkpoint's family says which) in the dtype of <paramref name="latents"/>.
    /// </summary>
    /// <param name="latents">
    /// [B, InChannels, h, w]; any h and w. Inpainting models take 9 channels: noisy latents, mask, latents of the
    /// masked picture.
    /// </param>
    /// <param name="timesteps">[B], 0 to 999; fractions are allowed.</param>
    /// <param name="context">[B, K, ContextChannels], same dtype as the latents.</param>
    /// <param name="residuals">
    /// One tensor for each input block, then one for the middle block, already scaled and summed; null or empty for
    /// none. Each has the shape of what it is added to.
    /// </param>
    /// <param name="vector">
    /// [B, VectorChannels] beside the text, same dtype; null for networks that take none (SD 1.x, 2.x).
    /// </param>
    /// <returns>[B, OutChannels, h, w].</returns>
    /// <exception cref="ArgumentException">
    /// The number of residuals is not the number of input blocks plus one, the latents have other channels, or the
    /// vector is missing, not wanted or of another width.
    /// </exception>
    public Tensor Forward(
        Tensor latents,
        Tensor timesteps,
        Tensor context,
        IReadOnlyList<Tensor>? residuals = null,
        Tensor? vector = null
    ) => Controlled(latents, timesteps, context, new() { Residuals = residuals ?? [] }, vector);

    /// <summary>The same with all that controls can add inside of it.</summary>
    /// <param name="latents">As for <see cref="Forward"/>.</param>
    /// <param name="timesteps">As for <see cref="Forward"/>.</param>
    /// <param name="context">As for <see cref="Forward"/>.</param>
    /// <param name="additions">What controls add.</param>
    /// <param name="vector">As for <see cref="Forward"/>.</param>
    /// <param name="onDeep">
    /// Told the deep feature, which the last output block gets from the one before it, [B, C, h, w] (borrowed), for
    /// <see cref="FromDeep"/>; null for nobody.
    /// </param>
    /// <inheritdoc cref="Forward" path="/returns"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    internal Tensor Controlled(
        Tensor latents,
        Tensor timesteps,
        Tensor context,
        UNetAdditions additions,
        Tensor? vector = null,
        Action<Tensor>? onDeep = null
    )
    {
        var residuals = additions.Residuals;
        RequireChannels(latents);
        if (residuals.Count > 0 && residuals.Count != _inputBlocks.Count + 1)
        {
            throw new ArgumentException(
                $"{_inputBlocks.Count + 1} control residuals are needed; {residuals.Count} were given.",
                nameof(additions)
            );
        }

        using var scope = NewDisposeScope();
        var time = VectorEmbedding.Added(_vectorEmbedding, _timeEmbedding.Forward(timesteps, latents.dtype), vector);
        Tensor Run(Stage block, Tensor x, int stage) => Through(block, x, time, context, additions, stage);
        var h = latents;
        var skips = new Stack<Tensor>();
        foreach (var block in _inputBlocks)
        {
            h = WithFeatures(Run(block, h, skips.Count), additions, skips.Count);
            skips.Push(h);
        }

        h = WithFeatures(Run(_middleBlock, h, skips.Count), additions, skips.Count);
        var controlled = residuals.Count > 0;
        if (controlled)
        {
            h = h.Plus(residuals[^1]);
        }

        foreach (var (index, block) in _outputBlocks.Index())
        {
            var skip = skips.Pop();
            if (skips.Count == 0)
            {
                onDeep?.Invoke(h);
            }

            h = Run(
                block,
                cat([SizedAs(skip, h), controlled ? skip.Plus(residuals[skips.Count]) : skip], 1),
                _inputBlocks.Count + 1 + index
            );
        }

        return Predicted(h, additions).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The prediction from a deep feature of an earlier call: only the first input block and the last output block are
    /// computed. Source: Ma et al. 2023, arXiv:2312.00858, section 3.2, with the shallowest skip branch.
    /// </summary>
    /// <param name="latents">As for <see cref="Forward"/>.</param>
    /// <param name="timesteps">As for <see cref="Forward"/>.</param>
    /// <param name="context">As for <see cref="Forward"/>.</param>
    /// <param name="additions">What controls add; of residuals the first alone.</param>
    /// <param name="deep">What <see cref="Controlled"/> told, for as many rows. Borrowed.</param>
    /// <param name="vector">As for <see cref="Forward"/>.</param>
    /// <inheritdoc cref="Forward" path="/returns"/>
    internal Tensor FromDeep(
        Tensor latents,
        Tensor timesteps,
        Tensor context,
        UNetAdditions additions,
        Tensor deep,
        Tensor? vector = null
    )
    {
        RequireChannels(latents);
        using var scope = NewDisposeScope();
        var time = VectorEmbedding.Added(_vectorEmbedding, _timeEmbedding.Forward(timesteps, latents.dtype), vector);
        var skip = WithFeatures(Through(_inputBlocks[0], latents, time, context, additions, 0), additions, 0);
        var h = Through(
            _outputBlocks[^1],
            cat([SizedAs(skip, deep), additions.Residuals is [var first] ? skip.Plus(first) : skip], 1),
            time,
            context,
            additions,
            _inputBlocks.Count + _outputBlocks.Count
        );
        return Predicted(h, additions).MoveToOuterDisposeScope();
    }

    private Tensor Predicted(Tensor h, UNetAdditions additions)
    {
        using var scope = NewDisposeScope();
        var stage = _inputBlocks.Count + 1 + _outputBlocks.Count;
        var normed = At(additions, stage)?.Normed(h, NormOut.call) ?? NormOut.call(h);
        return ConvolutionOut.call(silu(normed)).MoveToOuterDisposeScope();
    }

    private Tensor Through(Stage block, Tensor x, Tensor time, Tensor context, UNetAdditions additions, int stage) =>
        block.Forward(x, time, context, Checkpointing, At(additions, stage));

    private static StageControls? At(UNetAdditions additions, int stage) =>
        additions.Blocks.Count == 0 ? null : new(additions.Blocks, stage);

    private void RequireChannels(Tensor latents)
    {
        ArgumentNullException.ThrowIfNull(latents);
        if (latents.shape[1] != Params.InChannels)
        {
            throw new ArgumentException(
                $"The UNet takes {Params.InChannels} channels; {latents.shape[1]} were given.",
                nameof(latents)
            );
        }
    }

    private static Tensor WithFeatures(Tensor h, UNetAdditions additions, int place) =>
        additions.Features.TryGetValue(place, out var feature) ? h.Plus(feature) : h;

    /// <summary>
    /// An odd size is rounded up on the way down and so comes back too large by one. Source: stable-diffusion-webui,
    /// modules/sd_hijack_unet.py, TorchHijackForUnet.cat.
    /// </summary>
    private static Tensor SizedAs(Tensor skip, Tensor h) =>
        h.shape[2] == skip.shape[2] && h.shape[3] == skip.shape[3]
            ? h
            : interpolate(h, size: [skip.shape[2], skip.shape[3]], mode: InterpolationMode.Nearest);

    private static ModuleList<Stage> Made(IEnumerable<StageShape> stages, Placement placement) =>
        new([.. stages.Select(stage => stage.Create(placement))]);
}
