using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Annotators.NormalBae;

/// <summary>
/// EfficientNet as TensorFlow trained it: asymmetric padding, an epsilon of 0.001 in batch normalisation. Names are
/// those of timm. Source: Tan and Le 2019, arXiv:1905.11946; geffnet, tf_efficientnet_b5_ap.
/// </summary>
internal sealed class EfficientNet : Module
{
    private const double Epsilon = 1e-3;
    private readonly ConvolutionLayer _stem;
    private readonly BatchNormLayer _stemNorm;
    private readonly Block[][] _stages;
    private readonly ConvolutionLayer _head;

    public EfficientNet(NormalBaeParams p, Placement placement)
        : base(nameof(EfficientNet))
    {
        _stem = new(3, p.Stem, 3, 2, 0, placement, bias: false);
        _stemNorm = new(p.Stem, Epsilon, placement);
        _stages = [.. p.Stages.Select(stage => stage.Select(block => new Block(block, placement)).ToArray())];
        _head = new(p.Stages[^1][^1].Outputs, p.Head, 1, 1, 0, placement, bias: false);
        register_module("conv_stem", _stem);
        register_module("bn1", _stemNorm);
        register_module(
            "blocks",
            new NamedLayers([
                .. _stages.Select(
                    (stage, i) =>
                        (
                            i.ToString(),
                            (Module)
                                new NamedLayers([.. stage.Select((block, j) => (j.ToString(), (Module)block))])
                        )
                ),
            ])
        );
        register_module("conv_head", _head);
        // Stored in files; here nothing comes after the last convolution.
        register_module("bn2", new BatchNormLayer(p.Head, Epsilon, placement));
    }

    /// <summary>[B, 3, H, W] -> maps at 1/2, 1/4, 1/8, 1/16 and 1/32, the sides rounded up.</summary>
    public Tensor[] Run(Tensor pictures)
    {
        using var scope = NewDisposeScope();
        var h = silu(_stemNorm.call(_stem.call(Padded(pictures, 3, 2))));
        var maps = new List<Tensor>();
        foreach (var (i, stage) in _stages.Index())
        {
            foreach (var block in stage)
            {
                h = block.call(h);
            }

            // The others are followed by maps of their own size.
            if (i is not (3 or 5 or 6))
            {
                maps.Add(h);
            }

            scope.DisposeEverythingBut([h, .. maps]);
        }

        maps.Add(_head.call(h));
        return [.. maps.Select(map => map.MoveToOuterDisposeScope())];
    }

    /// <summary>
    /// Zeros around a map as TensorFlow's SAME adds them: as many as the output, the sides rounded up, needs, the odd
    /// one right and below.
    /// </summary>
    private static Tensor Padded(Tensor x, int kernel, int stride)
    {
        var (top, bottom) = Missing(x.shape[2]);
        var (left, right) = Missing(x.shape[3]);
        return pad(x, [left, right, top, bottom]);

        (long Before, long After) Missing(long side)
        {
            var missing = Math.Max(0, ((side + stride - 1) / stride - 1) * stride + kernel - side);
            return (missing / 2, missing - missing / 2);
        }
    }

    /// <summary>
    /// x + conv1(weigh(conv(conv1(x)))), with batch normalisation after each convolution; without x where the size or
    /// the number of channels changes.
    /// </summary>
    private sealed class Block : Module<Tensor, Tensor>
    {
        private readonly EfficientBlockParams _params;
        private readonly ConvolutionLayer? _expand;
        private readonly BatchNormLayer? _expandNorm;
        private readonly ConvolutionLayer _depthwise;
        private readonly BatchNormLayer _depthwiseNorm;
        private readonly ConvolutionLayer _reduce;
        private readonly ConvolutionLayer _restore;
        private readonly ConvolutionLayer _project;
        private readonly BatchNormLayer _projectNorm;

        public Block(EfficientBlockParams p, Placement placement)
            : base(nameof(Block))
        {
            _params = p;
            if (p.Expands)
            {
                _expand = new(p.Inputs, p.Inner, 1, 1, 0, placement, bias: false);
                _expandNorm = new(p.Inner, Epsilon, placement);
                register_module("conv_pw", _expand);
                register_module("bn1", _expandNorm);
            }

            _depthwise = new(p.Inner, p.Inner, p.Kernel, p.Stride, 0, placement, groups: p.Inner, bias: false);
            (_depthwiseNorm, _projectNorm) = (
                new(p.Inner, Epsilon, placement),
                new(p.Outputs, Epsilon, placement)
            );
            (_reduce, _restore) = (
                new(p.Inner, p.Squeezed, 1, 1, 0, placement),
                new(p.Squeezed, p.Inner, 1, 1, 0, placement)
            );
            _project = new(p.Inner, p.Outputs, 1, 1, 0, placement, bias: false);
            register_module("conv_dw", _depthwise);
            register_module(p.Expands ? "bn2" : "bn1", _depthwiseNorm);
            register_module("se", new NamedLayers(("conv_reduce", _reduce), ("conv_expand", _restore)));
            register_module(p.Expands ? "conv_pwl" : "conv_pw", _project);
            register_module(p.Expands ? "bn3" : "bn2", _projectNorm);
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var h = _expand is null ? x : silu(_expandNorm!.call(_expand.call(x)));
            h = silu(_depthwiseNorm.call(_depthwise.call(Padded(h, _params.Kernel, _params.Stride))));
            h = h * _restore.call(silu(_reduce.call(h.mean([2, 3], keepdim: true)))).sigmoid();
            h = _projectNorm.call(_project.call(h));
            var keepsShape = _params.Stride == 1 && _params.Inputs == _params.Outputs;
            return (keepsShape ? h.Plus(x) : h).MoveToOuterDisposeScope();
        }
    }
}
