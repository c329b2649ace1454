using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using ControlNetSharp.Scenes;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Evaluation;

/// <summary>
/// A small network that says what a picture of the scenes' world shows: convolutions and residual blocks, the mean and
/// the maximum of each channel over the picture, and a linear layer for all heads.
/// </summary>
public sealed class SceneClassifierNetwork : Module
{
    /// <summary>Height and width of its pictures.</summary>
    public const int PictureSize = 256;

    /// <summary>Number of features.</summary>
    public const int FeatureCount = 192;

    /// <summary>The picture is taken apart into so many by so many pixels.</summary>
    private const int Patch = 2;
    private const int NormGroups = 8;

    private static readonly long[] HeadSizes =
    [
        Enum.GetValues<SceneKind>().Length,
        Enum.GetValues<SceneTime>().Length,
        Enum.GetValues<SceneStyle>().Length,
        SceneVocabulary.Colours.Count,
        SceneVocabulary.Things.Count,
    ];

    [ComponentName(Name = "stem")]
    private readonly ConvolutionLayer _stem;

    [ComponentName(Name = "down1")]
    private readonly ConvolutionLayer _down1;

    [ComponentName(Name = "block1")]
    private readonly AutoencoderResidualBlock _block1;

    [ComponentName(Name = "down2")]
    private readonly ConvolutionLayer _down2;

    [ComponentName(Name = "block2")]
    private readonly AutoencoderResidualBlock _block2;

    [ComponentName(Name = "down3")]
    private readonly ConvolutionLayer _down3;

    [ComponentName(Name = "block3")]
    private readonly AutoencoderResidualBlock _block3;

    [ComponentName(Name = "block4")]
    private readonly AutoencoderResidualBlock _block4;

    [ComponentName(Name = "norm")]
    private readonly GroupNormLayer _norm;

    [ComponentName(Name = "features")]
    private readonly LinearLayer _features;

    [ComponentName(Name = "heads")]
    private readonly LinearLayer _heads;

    /// <summary>Creates the network; weights are uninitialised until loaded or set.</summary>
    public SceneClassifierNetwork(Placement placement)
        : base(nameof(SceneClassifierNetwork))
    {
        const int Wide0 = 32,
            Wide1 = 64,
            Wide2 = 96,
            Wide3 = 128;
        _stem = new(3 * Patch * Patch, Wide0, 3, 1, 1, placement);
        _down1 = new(Wide0, Wide1, 3, 2, 1, placement);
        _block1 = new(Wide1, Wide1, NormGroups, placement);
        _down2 = new(Wide1, Wide2, 3, 2, 1, placement);
        _block2 = new(Wide2, Wide2, NormGroups, placement);
        _down3 = new(Wide2, Wide3, 3, 2, 1, placement);
        _block3 = new(Wide3, Wide3, NormGroups, placement);
        _block4 = new(Wide3, Wide3, NormGroups, placement);
        _norm = new(NormGroups, Wide3, AutoencoderResidualBlock.Epsilon, placement);
        _features = new(2 * Wide3, FeatureCount, bias: true, placement);
        _heads = new(FeatureCount, (int)HeadSizes.Sum(), bias: true, placement);
        RegisterComponents();
    }

    /// <summary>Looks at pictures; computed in their type.</summary>
    /// <param name="pictures">[B, 3, 256, 256], −1..1.</param>
    /// <returns>float32, owned by the caller.</returns>
    public SceneClasses Forward(Tensor pictures)
    {
        using var scope = NewDisposeScope();
        var x = _stem.call(pixel_unshuffle(pictures, Patch));
        x = _block1.call(_down1.call(silu(x)));
        x = _block2.call(_down2.call(silu(x)));
        x = silu(_norm.call(_block4.call(_block3.call(_down3.call(silu(x))))));
        var pooled = cat([x.mean([2, 3]), x.amax([2, 3])], 1);
        var features = silu(_features.call(pooled));
        var heads = _heads.call(features).to(ScalarType.Float32).split(HeadSizes, 1);
        return new(
            features.to(ScalarType.Float32).MoveToOuterDisposeScope(),
            heads[0].MoveToOuterDisposeScope(),
            heads[1].MoveToOuterDisposeScope(),
            heads[2].MoveToOuterDisposeScope(),
            heads[3].MoveToOuterDisposeScope(),
            heads[4].MoveToOuterDisposeScope()
        );
    }
}

/// <summary>What a <see cref="SceneClassifierNetwork"/> says; the classes are log odds.</summary>
/// <param name="Features">[B, 192]: what the classes are read from.</param>
/// <param name="Kinds">[B, 7], in the order of <see cref="SceneKind"/>.</param>
/// <param name="Times">[B, 5], in the order of <see cref="SceneTime"/>.</param>
/// <param name="Styles">[B, 5], in the order of <see cref="SceneStyle"/>.</param>
/// <param name="Colours">
/// [B, C]: the colour of the main thing, in the order of <see cref="SceneVocabulary.Colours"/>.
/// </param>
/// <param name="Things">[B, T]: whether each of <see cref="SceneVocabulary.Things"/> is there.</param>
public sealed record SceneClasses(
    Tensor Features,
    Tensor Kinds,
    Tensor Times,
    Tensor Styles,
    Tensor Colours,
    Tensor Things
);
