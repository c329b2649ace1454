using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Annotators.Layers;

/// <summary>
/// x + conv(relu(conv(relu(x)))), of 3 x 3 pixels: the residual unit of the decoders of dense prediction transformers.
/// Source: Ranftl et al. 2021, arXiv:2103.13413.
/// </summary>
internal sealed class PreActivationUnit : Module<Tensor, Tensor>
{
    private readonly ConvolutionLayer _first;
    private readonly ConvolutionLayer _second;

    /// <summary>Creates the unit.</summary>
    /// <param name="channels">Channels in and out.</param>
    /// <param name="name">Name of the convolutions, before their numbers 1 and 2.</param>
    /// <param name="placement">Where the weights live.</param>
    public PreActivationUnit(int channels, string name, Placement placement)
        : base(nameof(PreActivationUnit))
    {
        (_first, _second) = (new(channels, channels, 3, 1, 1, placement), new(channels, channels, 3, 1, 1, placement));
        register_module(name + "1", _first);
        register_module(name + "2", _second);
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return _second.call(relu(_first.call(relu(x)))).Plus(x).MoveToOuterDisposeScope();
    }
}
