using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Annotators.OpenPose;

/// <summary>
/// Maps of the points of a hand or of a face, refined in six stages. Names are those of <c>hand_pose_model.pth</c> and
/// <c>facenet.pth</c>. Source: Simon et al. 2017, arXiv:1704.07809; annotator/openpose/model.py, handpose_model,
/// lllyasviel/ControlNet@ed85cd1; open_pose, FaceNet, controlnet_aux@b1aac31.
/// </summary>
internal sealed class PointNetwork : Module
{
    /// <summary>Maps of the 21 points of a hand and of the background.</summary>
    public const int HandMaps = 22;

    /// <summary>Maps of the 70 points of a face and of the background.</summary>
    public const int FaceMaps = 71;

    private const int Stages = 6;
    private readonly ConvolutionStack _features;
    private readonly ConvolutionStack[] _stages = new ConvolutionStack[Stages];

    /// <summary>Creates the network.</summary>
    /// <param name="maps"><see cref="HandMaps"/> or <see cref="FaceMaps"/>.</param>
    /// <param name="placement">Where it is to be.</param>
    public PointNetwork(int maps, Placement placement)
        : base(nameof(PointNetwork))
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
            [new("conv6_1_CPM", 128, 512, 1), new("conv6_2_CPM", 512, maps, 1)]
        );
        for (var stage = 1; stage < Stages; stage++)
        {
            _stages[stage] = ConvolutionStack.Refinement(
                this,
                placement,
                $"stage{stage + 1}",
                128 + maps,
                maps
            );
        }
    }

    /// <summary>Runs the network.</summary>
    /// <param name="input">[1, 3, h, w], BGR, byte / 256 - 0.5; h and w multiples of 8. Borrowed.</param>
    /// <returns>[1, maps, h/8, w/8].</returns>
    public Tensor Run(Tensor input)
    {
        using var scope = NewDisposeScope();
        return RunStages(Features(input), Stages).MoveToOuterDisposeScope();
    }

    /// <summary>[1, 3, h, w] -> [1, 128, h/8, w/8].</summary>
    internal Tensor Features(Tensor input) => _features.Run(input);

    /// <summary>The maps after so many stages.</summary>
    internal Tensor RunStages(Tensor features, int stages)
    {
        using var scope = NewDisposeScope();
        var points = _stages[0].Run(features);
        foreach (var stage in _stages[1..stages])
        {
            points = stage.Run(cat([points, features], 1));
        }

        return points.MoveToOuterDisposeScope();
    }
}
