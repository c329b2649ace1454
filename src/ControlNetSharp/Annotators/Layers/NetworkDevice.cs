using static TorchSharp.torch;

namespace ControlNetSharp.Annotators.Layers;

/// <summary>Brings pictures to the device of an annotator's network.</summary>
internal static class NetworkDevice
{
    /// <summary>The tensor where the network's weights are; of the dispose scope.</summary>
    public static Tensor ToDeviceOf(this Tensor input, nn.Module network) =>
        input.to(network.parameters().First().device);
}
