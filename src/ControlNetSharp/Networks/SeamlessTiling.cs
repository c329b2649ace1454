using ControlNetSharp.Networks.Layers;
using static TorchSharp.torch;

namespace ControlNetSharp.Networks;

/// <summary>
/// Lets all convolutions of some networks go on at the opposite border until it is disposed, so that what they make can
/// be laid side by side. The networks must not run on another thread meanwhile.
/// Source: stable-diffusion-webui, "tiling" (behaviour).
/// </summary>
internal sealed class SeamlessTiling : IDisposable
{
    private readonly List<ConvolutionLayer> _convolutions;

    public SeamlessTiling(IEnumerable<nn.Module> networks)
    {
        _convolutions = [.. networks.SelectMany(network => network.modules()).OfType<ConvolutionLayer>().Distinct()];
        Set(true);
    }

    public void Dispose() => Set(false);

    private void Set(bool wraps)
    {
        foreach (var convolution in _convolutions)
        {
            convolution.WrapsAround = wraps;
        }
    }
}
