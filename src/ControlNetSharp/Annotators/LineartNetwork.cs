using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Annotators;

/// <summary>
/// The generator that draws lines: down to a quarter of the size, residual blocks, and up again. Instance norm without
/// weights (eps 1e-5) after all convolutions but the last, reflected borders.
/// Source: Chan et al. 2022, "Learning to generate line drawings that convey geometry and semantics"; names as
/// Generator in annotator/lineart, Mikubill/sd-webui-controlnet@56cec5b.
/// </summary>
internal sealed class LineartNetwork : Module<Tensor, Tensor>
{
    private readonly ConvolutionLayer _first;
    private readonly ConvolutionLayer[] _down;
    private readonly Residual[] _residuals;
    private readonly TransposedConvolutionLayer[] _up;
    private readonly ConvolutionLayer _last;

    public LineartNetwork(LayerShapes shapes, Placement placement)
        : base(nameof(LineartNetwork))
    {
        var (width, half, quarter) = (
            shapes.Outputs("model0.1"),
            shapes.Outputs("model1.0"),
            shapes.Outputs("model1.3")
        );
        var (upper, top) = (shapes.TransposedOutputs("model3.0"), shapes.TransposedOutputs("model3.3"));
        _first = new(3, width, 7, 1, 0, placement);
        _down = [new(width, half, 3, 2, 1, placement), new(half, quarter, 3, 2, 1, placement)];
        _residuals =
        [
            .. Enumerable
                .Range(0, shapes.Count(i => $"model2.{i}.conv_block.1"))
                .Select(_ => new Residual(quarter, placement)),
        ];
        _up = [new(quarter, upper, 3, 2, 1, 1, placement), new(upper, top, 3, 2, 1, 1, placement)];
        _last = new(top, 1, 7, 1, 0, placement);
        // The numbers left out are borders, norms and activations.
        register_module("model0", new NamedLayers(("1", _first)));
        register_module("model1", new NamedLayers(("0", _down[0]), ("3", _down[1])));
        register_module("model2", new NamedLayers([.. _residuals.Select((block, i) => (i.ToString(), (Module)block))]));
        register_module("model3", new NamedLayers(("0", _up[0]), ("3", _up[1])));
        register_module("model4", new NamedLayers(("1", _last)));
    }

    /// <summary>
    /// [1, 3, H, W], 0..1, H and W at least 5 -> [1, 1, 4 · ceil(H / 4), 4 · ceil(W / 4)], 0..1: dark lines on white.
    /// </summary>
    public override Tensor forward(Tensor x) => Forward(x)[^1];

    /// <summary>What comes out of each of the five parts; the last is the drawing.</summary>
    internal IReadOnlyList<Tensor> Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var outer = relu(Normalised(_first.call(Reflected(x, 3))));
        var inner = _down.Aggregate(outer, (h, layer) => relu(Normalised(layer.call(h))));
        var changed = _residuals.Aggregate(inner, (h, block) => block.call(h));
        var upper = _up.Aggregate(changed, (h, layer) => relu(Normalised(layer.call(h))));
        var lines = _last.call(Reflected(upper, 3)).sigmoid();
        return [.. new[] { outer, inner, changed, upper, lines }.Select(part => part.MoveToOuterDisposeScope())];
    }

    private static Tensor Normalised(Tensor x) => instance_norm(x, eps: 1e-5);

    private static Tensor Reflected(Tensor x, long border) =>
        pad(x, [border, border, border, border], PaddingModes.Reflect);

    /// <summary>x + norm(conv(relu(norm(conv(x))))).</summary>
    private sealed class Residual : Module<Tensor, Tensor>
    {
        private readonly ConvolutionLayer _first;
        private readonly ConvolutionLayer _second;

        public Residual(int channels, Placement placement)
            : base(nameof(Residual))
        {
            (_first, _second) = (
                new(channels, channels, 3, 1, 0, placement),
                new(channels, channels, 3, 1, 0, placement)
            );
            register_module("conv_block", new NamedLayers(("1", _first), ("5", _second)));
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var h = relu(Normalised(_first.call(Reflected(x, 1))));
            return x.Plus(Normalised(_second.call(Reflected(h, 1)))).MoveToOuterDisposeScope();
        }
    }
}
