using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Holistically-nested edge detection: five blocks of convolutions, each at half the size of the one before, and after
/// each a projection to one map of edges.
/// Source: Xie and Tu 2015, arXiv:1504.06375; names as ControlNetHED_Apache2 in annotator/hed,
/// lllyasviel/ControlNet@ed85cd1.
/// </summary>
internal sealed class HedNetwork : Module
{
    private const int Colours = 3;

#pragma warning disable IDE0044, RCS1169 // Registered by reflection; TorchSharp replaces them when a module moves.
    [ComponentName(Name = "norm")]
    private Parameter _norm;
#pragma warning restore IDE0044, RCS1169
    private readonly Block[] _blocks;

    public HedNetwork(LayerShapes shapes, Placement placement)
        : base(nameof(HedNetwork))
    {
        _norm = LayerMemory.Empty(placement, 1, Colours, 1, 1);
        RegisterComponents();
        _blocks = new Block[5];
        var inputs = Colours;
        for (var i = 0; i < _blocks.Length; i++)
        {
            var block = $"block{i + 1}";
            var outputs = shapes.Outputs($"{block}.convs.0");
            _blocks[i] = new Block(inputs, outputs, shapes.Count(layer => $"{block}.convs.{layer}"), placement);
            register_module(block, _blocks[i]);
            inputs = outputs;
        }
    }

    /// <summary>
    /// [1, 3, H, W], 0..255, H and W at least 16 -> five maps [1, 1, H / 2^i, W / 2^i], rounded down; a map's sigmoid
    /// is the probability of an edge.
    /// </summary>
    public IReadOnlyList<Tensor> Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var maps = new Tensor[_blocks.Length];
        var h = x - _norm;
        for (var i = 0; i < _blocks.Length; i++)
        {
            var (features, map) = _blocks[i].Forward(i == 0 ? h : max_pool2d(h, 2, 2));
            maps[i] = map.MoveToOuterDisposeScope();
            scope.DisposeEverythingBut(features);
            h = features;
        }

        return maps;
    }

    private sealed class Block : Module
    {
        [ComponentName(Name = "convs")]
        private readonly NamedLayers _names;

        [ComponentName(Name = "projection")]
        private readonly ConvolutionLayer _projection;
        private readonly ConvolutionLayer[] _convolutions;

        public Block(int inputs, int outputs, int convolutions, Placement placement)
            : base(nameof(Block))
        {
            _convolutions =
            [
                .. Enumerable
                    .Range(0, convolutions)
                    .Select(i => new ConvolutionLayer(i == 0 ? inputs : outputs, outputs, 3, 1, 1, placement)),
            ];
            _names = new NamedLayers([
                .. _convolutions.Select((convolution, i) => (i.ToString(), (Module)convolution)),
            ]);
            _projection = new ConvolutionLayer(outputs, 1, 1, 1, 0, placement);
            RegisterComponents();
        }

        public (Tensor Features, Tensor Map) Forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var h = x;
            foreach (var convolution in _convolutions)
            {
                h = relu(convolution.call(h));
            }

            return (h.MoveToOuterDisposeScope(), _projection.call(h).MoveToOuterDisposeScope());
        }
    }
}
