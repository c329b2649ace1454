using ControlNetSharp.Networks.Blocks;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks;

/// <summary>
/// Layers that run one after another, each given what its kind needs. Source: LDM openaimodel.py,
/// TimestepEmbedSequential.
/// </summary>
internal sealed class Stage : Module
{
    private readonly Module[] _layers;

    public Stage(params Module[] layers)
        : base(nameof(Stage))
    {
        _layers = layers;
        foreach (var (index, layer) in layers.Index())
        {
            register_module(index.ToString(), layer);
        }
    }

    /// <summary>
    /// x [B, Cin, h, w], time embedding [B, T], context [B, K, D] -> [B, Cout, h', w']; with
    /// <paramref name="recompute"/> by a <see cref="GradientCheckpoint"/>.
    /// </summary>
    public Tensor Forward(
        Tensor x,
        Tensor timeEmbedding,
        Tensor context,
        bool recompute = false,
        StageControls? controls = null
    ) =>
        recompute && NeedsGradient(x, timeEmbedding, context)
            ? GradientCheckpoint.Run((h, time, text) => Layers(h, time, text, controls), x, timeEmbedding, context)
            : Layers(x, timeEmbedding, context, controls);

    private bool NeedsGradient(params Tensor[] inputs) =>
        is_grad_enabled()
        && (inputs.Any(input => input.requires_grad) || parameters().Any(parameter => parameter.requires_grad));

    private Tensor Layers(Tensor x, Tensor timeEmbedding, Tensor context, StageControls? controls)
    {
        using var scope = NewDisposeScope();
        var h = x;
        foreach (var (index, layer) in _layers.Index())
        {
            h = layer switch
            {
                ResidualBlock block => block.Forward(h, timeEmbedding, controls),
                SpatialTransformer transformer => transformer.Forward(h, context, controls),
                Module<Tensor, Tensor> plain => plain.call(h),
                _ => throw new InvalidOperationException($"A stage cannot run a {layer.GetType().Name}."),
            };
            h = controls?.After(index, h) ?? h;
        }

        return h.MoveToOuterDisposeScope();
    }
}
