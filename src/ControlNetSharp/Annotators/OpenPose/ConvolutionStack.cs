using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Annotators.OpenPose;

/// <summary>A convolution of OpenPose's networks: stride 1, padded to keep the size, with bias.</summary>
/// <param name="Name">As in the checkpoint.</param>
/// <param name="Inputs">Channels in.</param>
/// <param name="Outputs">Channels out.</param>
/// <param name="Kernel">Side of the kernel.</param>
/// <param name="PoolAfter">Whether 2 x 2 maximum pooling follows.</param>
internal sealed record OpenPoseConvolution(string Name, int Inputs, int Outputs, int Kernel, bool PoolAfter = false);

/// <summary>
/// Convolutions with ReLU one after the other. They are registered in the network that they belong to, where
/// checkpoints have them.
/// </summary>
internal sealed class ConvolutionStack
{
    private readonly List<(ConvolutionLayer Layer, bool Relu, bool Pool)> _layers = [];

    /// <summary>Creates and registers the layers.</summary>
    public ConvolutionStack(Module owner, Placement placement, bool reluAtTheEnd, OpenPoseConvolution[] convolutions)
    {
        foreach (var (i, convolution) in convolutions.Index())
        {
            var layer = new ConvolutionLayer(
                convolution.Inputs,
                convolution.Outputs,
                convolution.Kernel,
                1,
                convolution.Kernel / 2,
                placement
            );
            owner.register_module(convolution.Name, layer);
            _layers.Add((layer, reluAtTheEnd || i + 1 < convolutions.Length, convolution.PoolAfter));
        }
    }

    /// <summary>A stage after the first: five convolutions of 7 x 7 and two of 1 x 1.</summary>
    public static ConvolutionStack Refinement(Module owner, Placement placement, string suffix, int inputs, int maps) =>
        new(
            owner,
            placement,
            reluAtTheEnd: false,
            [
                new($"Mconv1_{suffix}", inputs, 128, 7),
                new($"Mconv2_{suffix}", 128, 128, 7),
                new($"Mconv3_{suffix}", 128, 128, 7),
                new($"Mconv4_{suffix}", 128, 128, 7),
                new($"Mconv5_{suffix}", 128, 128, 7),
                new($"Mconv6_{suffix}", 128, 128, 1),
                new($"Mconv7_{suffix}", 128, maps, 1),
            ]
        );

    public Tensor Run(Tensor x)
    {
        using var scope = NewDisposeScope();
        var h = x;
        foreach (var (layer, relu, pool) in _layers)
        {
            var convolved = layer.call(h);
            var active = relu ? functional.relu(convolved) : convolved;
            h = pool ? functional.max_pool2d(active, 2, 2) : active;
            scope.DisposeEverythingBut(h);
        }

        return h.MoveToOuterDisposeScope();
    }
}
