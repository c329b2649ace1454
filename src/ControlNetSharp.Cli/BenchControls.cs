using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Measuring;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Cli;

/// <summary>
/// Controls of each type with random weights, at the sizes of the published files, for <c>controlnet bench
/// generate</c>.
/// </summary>
/// <param name="unet">The UNet. Borrowed.</param>
/// <param name="size">Pixels of a side of the picture.</param>
/// <param name="placement">Device and compute dtype.</param>
internal sealed class BenchControls(UNet unet, int size, Placement placement)
{
    private readonly UNetParams _model = unet.Params;

    /// <summary>The type that is measured where none is named.</summary>
    public const string ControlNetType = "controlnet";

    private const string ControlLora = "control-lora";
    private const string Union = "union";
    private const string T2I = "t2i-adapter";
    private const string Ip = "ip-adapter";
    private const string LlliteType = "lllite";
    private const string ReferenceType = "reference";

    /// <summary>Width of the embedding of CLIP ViT-H, and tokens of a base IP-Adapter.</summary>
    private const int EmbeddingWidth = 1024;
    private const int PictureTokens = 4;

    /// <summary>Beside which projections of a transformer block LLLites have modules.</summary>
    private static readonly (bool IsSelf, char Name)[] Attended = [(true, 'q'), (true, 'k'), (true, 'v'), (false, 'q')];

    private readonly List<nn.Module> _networks = [];

    /// <summary>The networks of the controls that were made.</summary>
    public IReadOnlyList<nn.Module> Networks => _networks;

    /// <summary>All types.</summary>
    public static IReadOnlyList<string> Types { get; } =
    [ControlNetType, T2I, ControlLora, Union, Ip, LlliteType, ReferenceType];

    /// <summary>Why there is none of a type for a family; null where there is.</summary>
    public static string? WhyNot(string type, UNetParams model) =>
        type switch
        {
            Union when model.VectorChannels is null => "union ControlNets are for SDXL",
            LlliteType when model.VectorChannels is null => "ControlNet-LLLites are for SDXL",
            T2I or Ip when ModelFamily.Of(model).AdapterUnshuffle is null => $"there is no {type} for this family",
            _ => null,
        };

    /// <summary>
    /// What a control of the type adds to a step, GFLOP a side and picture: of those that are networks of their own,
    /// and of a reference, at which the UNet looks. What others add inside of it is little beside it.
    /// </summary>
    public double Gflop(string type) =>
        type switch
        {
            ControlNetType or ControlLora or Union => NetworkCost.ControlNet(_model, size / 8, size / 8),
            ReferenceType => NetworkCost.UNet(_model, size / 8, size / 8),
            _ => 0,
        };

    /// <summary>A control; it is of the dispose scope.</summary>
    public IControl Make(string type)
    {
        var strength = new ControlStrength();
        var hint = rand([1, 3, size, size], placement.Dtype, placement.Device);
        switch (type)
        {
            // A Control-LoRA is a ControlNet from when it is loaded.
            case ControlNetType or ControlLora:
                var net = Random(new ControlNet(new ControlNetParams { UNet = _model }, placement));
                return new AttachedControl(net, net.EncodeHint(hint), strength);
            case Union:
                var shape = new ControlNetUnionParams(new ControlNetParams { UNet = _model }, 6, 256, 1);
                var union = Random(new ControlNetUnion(shape, placement));
                return new AttachedUnion(union, union.EncodeHint(hint, 0), [0], strength);
            case T2I:
                var adapter = Random(new T2IAdapter(AdapterShape(), placement));
                var features = adapter.Params.PlacesIn(_model).Zip(adapter.Forward(hint));
                return new AttachedAdapter(features.ToDictionary(pair => pair.First, pair => pair.Second), strength);
            case Ip:
                var pictures = Random(new IpAdapter(PictureShape(), placement));
                var embedding = rand([1, EmbeddingWidth], placement.Dtype, placement.Device);
                var keys = pictures.Keys(pictures.Tokens(embedding), _model, _ => 1);
                return new AttachedPictures(keys, keys, strength);
            case LlliteType:
                var lllite = Random(new Lllite(LlliteShape(), placement));
                return new AttachedLllite(lllite, lllite.Embed(hint), _model, strength);
            case ReferenceType:
                long[] latents = [1, _model.OutChannels, size / 8, size / 8];
                var seen = ReferenceModules.Of(name: null, new Dictionary<string, double>());
                Tensor Noise(int step) => randn(latents, device: placement.Device);
                return new AttachedReference(unet, [Noise(0)], Noise, seen, seen.Fidelity, strength);
            default:
                throw new ArgumentException($"There is no control of the type '{type}'.", nameof(type));
        }
    }

    private T2IAdapterParams AdapterShape()
    {
        int[] channels = [.. _model.Levels.Select(level => level.Channels)];
        return new T2IAdapterParams
        {
            Channels = _model.VectorChannels is null ? channels : [.. channels, channels[^1]],
            HintChannels = 3,
            Unshuffle = ModelFamily.Of(_model).AdapterUnshuffle!.Value,
            Blocks = 2,
        };
    }

    private IpAdapterParams PictureShape() =>
        new()
        {
            ContextChannels = _model.ContextChannels,
            Channels = [.. TextAttention.InFileOrder(_model).Select(attention => attention.Channels)],
            Projection = new LinearProjectionParams(EmbeddingWidth, PictureTokens),
        };

    /// <summary>Beside all self-attention on the way down and in the middle, and its queries of the text.</summary>
    private LlliteParams LlliteShape()
    {
        var inputs = UNetStages.Input(_model);
        return new LlliteParams([
            .. from stage in inputs.Append(UNetStages.Middle(_model)).Index()
            from block in Enumerable.Range(0, stage.Item.Transformers)
            from projection in Attended
            let part = stage.Index < inputs.Count ? LllitePart.Input : LllitePart.Middle
            let number = part == LllitePart.Input ? stage.Index : 0
            let name = $"{part}_{number}_{block}_{projection.IsSelf}_{projection.Name}"
            let site = new LlliteSite(name, part, number, block, projection.IsSelf, projection.Name)
            select new LlliteModuleParams(site, stage.Item.ChannelsOut, 32, 64, stage.Item.Level),
        ]);
    }

    private T Random<T>(T network)
        where T : nn.Module
    {
        _networks.Add(network);
        return BenchOptions.Randomised(network);
    }
}
