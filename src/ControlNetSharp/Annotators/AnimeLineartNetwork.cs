using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Annotators;

/// <summary>
/// A U-Net that draws the lines of anime: blocks around blocks, each halving and doubling the size and handing on its
/// input beside the result. Instance norm without weights (eps 1e-5).
/// Source: Isola et al. 2017, arXiv:1611.07004, section 3.2; names as UnetGenerator in annotator/lineart_anime,
/// Mikubill/sd-webui-controlnet@56cec5b.
/// </summary>
internal sealed class AnimeLineartNetwork : Module<Tensor, Tensor>
{
    private const string OutermostName = "model";

    private readonly Block _outermost;

    public AnimeLineartNetwork(LayerShapes shapes, Placement placement)
        : base(nameof(AnimeLineartNetwork))
    {
        _outermost = new Block(shapes, OutermostName, isOutermost: true, 3, 1, placement);
        register_module(OutermostName, _outermost);
    }

    /// <summary>Both sides of a picture must be multiples of this: 2 for each block.</summary>
    public int Step => 1 << _outermost.Depth;

    /// <summary>
    /// [1, 3, H, W], -1..1, multiples of <see cref="Step"/> -> [1, 1, H, W], -1..1: dark lines on white.
    /// </summary>
    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return tanh(_outermost.call(x)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// up(relu(inside(down(leakyRelu(x))))), with norms where there is a block around and one inside, and x beside it
    /// for the block around.
    /// </summary>
    private sealed class Block : Module<Tensor, Tensor>
    {
        private readonly bool _isOutermost;
        private readonly ConvolutionLayer _down;
        private readonly Block? _inside;
        private readonly TransposedConvolutionLayer _up;

        public Block(LayerShapes shapes, string name, bool isOutermost, int inputs, int outputs, Placement placement)
            : base(nameof(Block))
        {
            // Numbers count activations and norms, which the outermost and the innermost block have fewer of.
            var (down, inside) = isOutermost ? (0, 1) : (1, 3);
            _isOutermost = isOutermost;
            var width = shapes.Outputs($"{name}.model.{down}");
            _down = new ConvolutionLayer(inputs, width, 4, 2, 1, placement);
            var insideName = $"{name}.model.{inside}";
            var isInnermost = !isOutermost && shapes.Has(insideName);
            _inside = isInnermost ? null : new Block(shapes, insideName, isOutermost: false, width, width, placement);
            _up = new TransposedConvolutionLayer(isInnermost ? width : 2 * width, outputs, 4, 2, 1, 0, placement);
            var up = isOutermost || isInnermost ? 3 : 5;
            register_module(
                "model",
                _inside is null
                    ? new NamedLayers((down.ToString(), _down), (up.ToString(), _up))
                    : new NamedLayers((down.ToString(), _down), (inside.ToString(), _inside), (up.ToString(), _up))
            );
        }

        public int Depth => 1 + (_inside?.Depth ?? 0);

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var h = _down.call(_isOutermost ? x : leaky_relu(x, 0.2));
            if (_inside is not null)
            {
                h = _inside.call(_isOutermost ? h : instance_norm(h, eps: 1e-5));
            }

            h = _up.call(relu(h));
            return (_isOutermost ? h : cat([x, instance_norm(h, eps: 1e-5)], 1)).MoveToOuterDisposeScope();
        }
    }
}
