using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Annotators.OpenPose;

/// <summary>
/// Maps of the points of a hand, refined in six stages. Names are those of <c>hand_pose_model.pth</c>.
/// Source: Simon et al. 2017, arXiv:1704.07809; annotator/openpose/model.py, handpose_model,
/// lllyasviel/ControlNet@ed85cd1.
/// </summary>
internal sealed class HandNetwork : Module
{
    /// <summary>Maps of the 21 points and of the background.</summary>
    public const int PointMaps = 22;

    private const int Stages = 6;
    private readonly ConvolutionStack _features;
    private readonly ConvolutionStack[] _stages = new ConvolutionStack[Stages];

    public HandNetwork(Placement placement)
        : base(nameof(HandNetwork))
    {
        _features = new(
            this,
            placement,
            reluAtTheEnd: true,
            [
                new("conv1_1", 3, 64, 3),
                new("conv1_2", 64, 64, 3, PoolAfter: true),
                new("conv2_1", 64, 128, 3),
                new("conv2_2", 128, 128, 3, PoolAfter: true),
                new("conv3_1", 128, 256, 3),
                new("conv3_2", 256, 256, 3),
                new("conv3_3", 256, 256, 3),
                new("conv3_4", 256, 256, 3, PoolAfter: true),
                new("conv4_1", 256, 512, 3),
                new("conv4_2", 512, 512, 3),
                new("conv4_3", 512, 512, 3),
                new("conv4_4", 512, 512, 3),
                new("conv5_1", 512, 512, 3),
                new("conv5_2", 512, 512, 3),
                new("conv5_3_CPM", 512, 128, 3),
            ]
        );
        _stages[0] = new(
            this,
            placement,
            reluAtTheEnd: false,
            [new("conv6_1_CPM", 128, 512, 1), new("conv6_2_CPM", 512, PointMaps, 1)]
        );
        for (var stage = 1; stage < Stages; stage++)
        {
            _stages[stage] = ConvolutionStack.Refinement(
                this,
                placement,
                $"stage{stage + 1}",
                128 + PointMaps,
                PointMaps
            );
        }
    }

    /// <summary>Runs the network.</summary>
    /// <param name="input">[1, 3, h, w], BGR, byte / 256 - 0.5; h and w multiples of 8. Borrowed.</param>
    /// <returns>[1, 22, h/8, w/8].</returns>
    public Tensor Run(Tensor input)
    {
        using var scope = NewDisposeScope();
        var features = _features.Run(input);
        var points = _stages[0].Run(features);
        foreach (var stage in _stages[1..])
        {
            points = stage.Run(cat([points, features], 1));
        }

        return points.MoveToOuterDisposeScope();
    }
}
