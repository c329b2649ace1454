using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks;

/// <summary>
/// The trainable copy of a UNet's encoder half, joined to the locked one by zero convolutions: y = F(x; T) + Z(F(x +
/// Z(c; Tz1); Tc); Tz2).
/// Names are those of the original (without <c>control_model.</c>). Source: Zhang et al. 2023, arXiv:2302.05543,
/// equation (2); ControlNet cldm.py, ControlNet.
/// </summary>
public sealed class ControlNet : ControlNetwork
{
    [ComponentName(Name = "time_embed")]
    private readonly TimeEmbedding _timeEmbedding;

    [ComponentName(Name = "label_emb")]
    private readonly VectorEmbedding? _vectorEmbedding;

    [ComponentName(Name = "input_hint_block")]
    private readonly HintEncoder _hintEncoder;

    [ComponentName(Name = "input_blocks")]
    private readonly ModuleList<Stage> _inputBlocks;

    [ComponentName(Name = "zero_convs")]
    private readonly ModuleList<Stage> _zeroConvolutions;

    [ComponentName(Name = "middle_block")]
    private readonly Stage _middleBlock;

    [ComponentName(Name = "middle_block_out")]
    private readonly Stage _middleZeroConvolution;

    /// <summary>Creates the network; its weights are uninitialised until loaded or set.</summary>
    public ControlNet(ControlNetParams p, Placement placement)
        : base(nameof(ControlNet))
    {
        ArgumentNullException.ThrowIfNull(p);
        Params = p;
        _timeEmbedding = new(p.UNet.ModelChannels, placement);
        _vectorEmbedding = VectorEmbedding.Of(p.UNet, placement);
        _hintEncoder = new(p, placement);
        var stages = UNetStages.Input(p.UNet);
        _inputBlocks = new ModuleList<Stage>([.. stages.Select(stage => stage.Create(placement))]);
        _zeroConvolutions = new ModuleList<Stage>([
            .. stages.Select(stage => UNetStages.ZeroConvolution(stage).Create(placement)),
        ]);
        _middleBlock = UNetStages.Middle(p.UNet).Create(placement);
        _middleZeroConvolution = UNetStages.ZeroConvolution(UNetStages.Middle(p.UNet)).Create(placement);
        RegisterComponents();
    }

    /// <summary>The network's shape.</summary>
    public ControlNetParams Params { get; }

    /// <summary>How many residuals it gives: one for each input block and one for the middle block.</summary>
    public override int ResidualCount => _zeroConvolutions.Count + 1;

    /// <inheritdoc cref="UNet.Checkpointing"/>
    public bool Checkpointing { get; set; }

    /// <inheritdoc/>
    public override bool Fits(UNetParams model) => Params.Fits(model);

    /// <summary>Encodes a hint once for all steps.</summary>
    /// <param name="hint">[B, 3, 8h, 8w], RGB in 0..1.</param>
    /// <returns>[B, ModelChannels, h, w] in the hint's dtype.</returns>
    public Tensor EncodeHint(Tensor hint) => _hintEncoder.call(hint);

    /// <summary>The control residuals for one step.</summary>
    /// <param name="latents">[B, InChannels, h, w].</param>
    /// <param name="timesteps">[B].</param>
    /// <param name="context">[B, K, ContextChannels].</param>
    /// <param name="encodedHint">[B or 1, ModelChannels, h, w] from <see cref="EncodeHint"/>.</param>
    /// <param name="vector">[B, VectorChannels] as for <see cref="UNet.Forward"/>.</param>
    /// <returns>One tensor for each input block in order (SD 1.x: 12, SDXL: 9), then the middle block's.</returns>
    /// <exception cref="ArgumentException">The vector is missing, not wanted or of another width.</exception>
    public IReadOnlyList<Tensor> Forward(
        Tensor latents,
        Tensor timesteps,
        Tensor context,
        Tensor encodedHint,
        Tensor? vector = null
    ) => Forward(latents, timesteps, context, encodedHint, vector, addedTime: null);

    /// <summary>The same with what is added to the time embedding, [1 or B, TimeChannels]; null for nothing.</summary>
    internal IReadOnlyList<Tensor> Forward(
        Tensor latents,
        Tensor timesteps,
        Tensor context,
        Tensor encodedHint,
        Tensor? vector,
        Tensor? addedTime
    )
    {
        using var scope = NewDisposeScope();
        ArgumentNullException.ThrowIfNull(latents);
        var time = VectorEmbedding.Added(_vectorEmbedding, _timeEmbedding.Forward(timesteps, latents.dtype), vector);
        time = addedTime is null ? time : time.Plus(addedTime);
        var residuals = new List<Tensor>();
        var h = latents;
        foreach (var (index, block) in _inputBlocks.Index())
        {
            h = block.Forward(h, time, context, Checkpointing);
            if (index == 0)
            {
                h = h.Plus(encodedHint);
            }

            residuals.Add(_zeroConvolutions[index].Forward(h, time, context));
        }

        h = _middleBlock.Forward(h, time, context, Checkpointing);
        residuals.Add(_middleZeroConvolution.Forward(h, time, context));
        foreach (var residual in residuals)
        {
            residual.MoveToOuterDisposeScope();
        }

        return residuals;
    }
}
