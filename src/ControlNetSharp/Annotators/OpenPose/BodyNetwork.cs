using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Annotators.OpenPose;

/// <summary>
/// Maps of body parts and of the limbs between them, refined in six stages. Names are those of
/// <c>body_pose_model.pth</c>.
/// Source: Cao et al. 2017, arXiv:1611.08050; annotator/openpose/model.py, bodypose_model,
/// lllyasviel/ControlNet@ed85cd1.
/// </summary>
internal sealed class BodyNetwork : Module
{
    /// <summary>Maps of the 18 parts and of the background.</summary>
    public const int PartMaps = 19;

    /// <summary>Two maps, x and y, for each of the 19 limbs.</summary>
    public const int LimbMaps = 38;

    private const int Stages = 6;
    private readonly ConvolutionStack _features;
    private readonly ConvolutionStack[] _limbs = new ConvolutionStack[Stages];
    private readonly ConvolutionStack[] _parts = new ConvolutionStack[Stages];

    public BodyNetwork(Placement placement)
        : base(nameof(BodyNetwork))
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
                new("conv4_3_CPM", 512, 256, 3),
                new("conv4_4_CPM", 256, 128, 3),
            ]
        );
        for (var stage = 0; stage < Stages; stage++)
        {
            _limbs[stage] = Branch(stage, 1, LimbMaps, placement);
            _parts[stage] = Branch(stage, 2, PartMaps, placement);
        }
    }

    /// <summary>Runs the network.</summary>
    /// <param name="input">[1, 3, h, w], BGR, byte / 256 - 0.5; h and w multiples of 8. Borrowed.</param>
    /// <returns>Limb maps [1, 38, h/8, w/8] and part maps [1, 19, h/8, w/8].</returns>
    public (Tensor Limbs, Tensor Parts) Run(Tensor input)
    {
        using var scope = NewDisposeScope();
        var (limbs, parts) = RunStages(Features(input), Stages);
        return (limbs.MoveToOuterDisposeScope(), parts.MoveToOuterDisposeScope());
    }

    /// <summary>[1, 3, h, w] -> [1, 128, h/8, w/8].</summary>
    internal Tensor Features(Tensor input) => _features.Run(input);

    /// <summary>The maps after so many stages.</summary>
    internal (Tensor Limbs, Tensor Parts) RunStages(Tensor features, int stages)
    {
        using var scope = NewDisposeScope();
        var (limbs, parts) = (_limbs[0].Run(features), _parts[0].Run(features));
        for (var stage = 1; stage < stages; stage++)
        {
            var together = cat([limbs, parts, features], 1);
            var (nextLimbs, nextParts) = (_limbs[stage].Run(together), _parts[stage].Run(together));
            // The original's list of layers without ReLU names the last limb layer twice and the last part layer not at
            // all.
            (limbs, parts) = (nextLimbs, stage == Stages - 1 ? functional.relu(nextParts) : nextParts);
        }

        return (limbs.MoveToOuterDisposeScope(), parts.MoveToOuterDisposeScope());
    }

    private ConvolutionStack Branch(int stage, int branch, int maps, Placement placement)
    {
        if (stage == 0)
        {
            return new(
                this,
                placement,
                reluAtTheEnd: false,
                [
                    new($"conv5_1_CPM_L{branch}", 128, 128, 3),
                    new($"conv5_2_CPM_L{branch}", 128, 128, 3),
                    new($"conv5_3_CPM_L{branch}", 128, 128, 3),
                    new($"conv5_4_CPM_L{branch}", 128, 512, 1),
                    new($"conv5_5_CPM_L{branch}", 512, maps, 1),
                ]
            );
        }

        return ConvolutionStack.Refinement(
            this,
            placement,
            $"stage{stage + 1}_L{branch}",
            128 + LimbMaps + PartMaps,
            maps
        );
    }
}
