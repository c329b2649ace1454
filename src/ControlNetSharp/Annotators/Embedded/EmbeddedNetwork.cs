using ControlNetSharp.Annotators.Poses;
using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace ControlNetSharp.Annotators.Embedded;

/// <summary>
/// One small network for what the embedded annotators see: edges, depth, surface directions, classes and skeletons. A
/// U-Net (Ronneberger et al. 2015, arXiv:1505.04597) of residual blocks, with
/// attention at its lowest level, and two heads.
/// </summary>
internal sealed class EmbeddedNetwork : Module
{
    /// <summary>Height and width of its pictures are multiples of this.</summary>
    public const int SizeStep = 16;

    /// <summary>Maps of the x and y components of limbs: two for each of OpenPose's 19.</summary>
    internal const int LimbMaps = 38;

    /// <summary>The picture is taken apart into so many by so many pixels.</summary>
    private const int Patch = 2;
    private const int NormGroups = 8;

    // One value an edge pixel of a patch; depth; the direction's three components.
    private static readonly int[] DenseSplit = [Patch * Patch, 1, 3, EmbeddedClasses.All.Count];

    [ComponentName(Name = "stem")]
    private readonly ConvolutionLayer _stem;

    [ComponentName(Name = "down1")]
    private readonly ConvolutionLayer _down1;

    [ComponentName(Name = "encoder1")]
    private readonly AutoencoderResidualBlock _encoder1;

    [ComponentName(Name = "down2")]
    private readonly ConvolutionLayer _down2;

    [ComponentName(Name = "encoder2")]
    private readonly AutoencoderResidualBlock _encoder2;

    [ComponentName(Name = "encoder3")]
    private readonly AutoencoderResidualBlock _encoder3;

    [ComponentName(Name = "down3")]
    private readonly ConvolutionLayer _down3;

    [ComponentName(Name = "middle")]
    private readonly AutoencoderMiddle _middle;

    [ComponentName(Name = "up2")]
    private readonly ConvolutionLayer _up2;

    [ComponentName(Name = "decoder2")]
    private readonly AutoencoderResidualBlock _decoder2;

    [ComponentName(Name = "up1")]
    private readonly ConvolutionLayer _up1;

    [ComponentName(Name = "decoder1")]
    private readonly AutoencoderResidualBlock _decoder1;

    [ComponentName(Name = "up0")]
    private readonly ConvolutionLayer _up0;

    [ComponentName(Name = "decoder0")]
    private readonly AutoencoderResidualBlock _decoder0;

    [ComponentName(Name = "dense_in")]
    private readonly ConvolutionLayer _denseIn;

    [ComponentName(Name = "dense_out")]
    private readonly ConvolutionLayer _denseOut;

    [ComponentName(Name = "pose_in")]
    private readonly ConvolutionLayer _poseIn;

    [ComponentName(Name = "pose_out")]
    private readonly ConvolutionLayer _poseOut;

    /// <summary>Creates the network; weights are uninitialised until loaded or set.</summary>
    public EmbeddedNetwork(Placement placement)
        : base(nameof(EmbeddedNetwork))
    {
        const int Wide0 = 32,
            Wide1 = 64,
            Wide2 = 128,
            Wide3 = 192;
        _stem = new(3 * Patch * Patch, Wide0, 3, 1, 1, placement);
        _down1 = new(Wide0, Wide1, 3, 2, 1, placement);
        _encoder1 = new(Wide1, Wide1, NormGroups, placement);
        _down2 = new(Wide1, Wide2, 3, 2, 1, placement);
        _encoder2 = new(Wide2, Wide2, NormGroups, placement);
        _encoder3 = new(Wide2, Wide2, NormGroups, placement);
        _down3 = new(Wide2, Wide3, 3, 2, 1, placement);
        _middle = new(Wide3, NormGroups, placement);
        _up2 = new(Wide3, Wide2, 1, 1, 0, placement);
        _decoder2 = new(Wide2, Wide2, NormGroups, placement);
        _up1 = new(Wide2, Wide1, 1, 1, 0, placement);
        _decoder1 = new(Wide1, Wide1, NormGroups, placement);
        _up0 = new(Wide1, Wide0, 1, 1, 0, placement);
        _decoder0 = new(Wide0, Wide0, NormGroups, placement);
        _denseIn = new(Wide0, Wide1, 3, 1, 1, placement);
        _denseOut = new(Wide1, DenseSplit.Sum(), 1, 1, 0, placement);
        _poseIn = new(Wide1, Wide1, 3, 1, 1, placement);
        _poseOut = new(Wide1, PosePerson.BodyPoints + LimbMaps, 1, 1, 0, placement);
        RegisterComponents();
    }

    /// <summary>Looks at pictures; computed in their type.</summary>
    /// <param name="pictures">[B, 3, H, W], −1..1; H and W are multiples of <see cref="SizeStep"/>.</param>
    /// <returns>float32 maps, owned by the caller.</returns>
    public EmbeddedMaps Forward(Tensor pictures)
    {
        using var scope = NewDisposeScope();
        var fine = _stem.call(pixel_unshuffle(pictures, Patch));
        var half = _encoder1.call(_down1.call(silu(fine)));
        var quarter = _encoder3.call(_encoder2.call(_down2.call(silu(half))));
        var low = _middle.call(_down3.call(silu(quarter)));
        quarter = _decoder2.call(quarter.Plus(Doubled(_up2.call(low))));
        half = _decoder1.call(half.Plus(Doubled(_up1.call(quarter))));
        fine = _decoder0.call(fine.Plus(Doubled(_up0.call(half))));
        var dense = _denseOut
            .call(silu(_denseIn.call(silu(fine))))
            .to(ScalarType.Float32)
            .split([.. DenseSplit.Select(count => (long)count)], 1);
        var pose = _poseOut.call(silu(_poseIn.call(silu(half)))).to(ScalarType.Float32);
        return new(
            pixel_shuffle(dense[0], Patch).MoveToOuterDisposeScope(),
            dense[1].MoveToOuterDisposeScope(),
            dense[2].MoveToOuterDisposeScope(),
            dense[3].MoveToOuterDisposeScope(),
            pose.narrow(1, 0, PosePerson.BodyPoints).MoveToOuterDisposeScope(),
            pose.narrow(1, PosePerson.BodyPoints, LimbMaps).MoveToOuterDisposeScope()
        );
    }

    private static Tensor Doubled(Tensor x) =>
        interpolate(x, size: [x.shape[2] * 2, x.shape[3] * 2], mode: InterpolationMode.Nearest);
}

/// <summary>
/// What an <see cref="EmbeddedNetwork"/> sees. The maps of half size lie so that value (i, j) is about the pixels (2i,
/// 2j) to (2i + 1, 2j + 1).
/// </summary>
/// <param name="Edges">[B, 1, H, W]: log odds of an edge.</param>
/// <param name="Depth">[B, 1, H/2, W/2]: natural logarithm of the metres along the camera axis.</param>
/// <param name="Normals">[B, 3, H/2, W/2]: directions of any length, x right, y up, z towards the viewer.</param>
/// <param name="Classes">[B, K, H/2, W/2]: log odds of <see cref="EmbeddedClasses.All"/>, up to a constant.</param>
/// <param name="Parts">
/// [B, 18, H/4, W/4]: nearness of the parts of bodies, 0..1, in the order of <see cref="PosePerson.Body"/>.
/// </param>
/// <param name="Limbs">
/// [B, 38, H/4, W/4]: x and y of the unit vectors along limbs, in the order of OpenPose's maps.
/// </param>
internal sealed record EmbeddedMaps(
    Tensor Edges,
    Tensor Depth,
    Tensor Normals,
    Tensor Classes,
    Tensor Parts,
    Tensor Limbs
)
{
    /// <summary>Those of some of the pictures; of the dispose scope.</summary>
    /// <param name="pictures">int64 [n]: which ones.</param>
    internal EmbeddedMaps Of(Tensor pictures)
    {
        Tensor Some(Tensor maps) => maps.index_select(0, pictures);
        return new(Some(Edges), Some(Depth), Some(Normals), Some(Classes), Some(Parts), Some(Limbs));
    }

    /// <summary>The same on the CPU; of the dispose scope.</summary>
    internal EmbeddedMaps OnCpu() =>
        new(Edges.cpu(), Depth.cpu(), Normals.cpu(), Classes.cpu(), Parts.cpu(), Limbs.cpu());
}
