using ControlNetSharp.Checkpoints;
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
/// <param name="model">The UNet's shape.</param>
/// <param name="size">Pixels of a side of the picture.</param>
/// <param name="placement">Device and compute dtype.</param>
internal sealed class BenchControls(UNetParams model, int size, Placement placement)
{
    /// <summary>The type that is measured where none is named.</summary>
    public const string ControlNetType = "controlnet";

    private const string ControlLora = "control-lora";
    private const string Union = "union";
    private const string T2I = "t2i-adapter";
    private const string Ip = "ip-adapter";

    /// <summary>Width of the embedding of CLIP ViT-H, and tokens of a base IP-Adapter.</summary>
    private const int EmbeddingWidth = 1024;
    private const int PictureTokens = 4;

    /// <summary>All types.</summary>
    public static IReadOnlyList<string> Types { get; } = [ControlNetType, T2I, ControlLora, Union, Ip];

    /// <summary>Why there is none of a type for a family; null where there is.</summary>
    public static string? WhyNot(string type, UNetParams model) =>
        type switch
        {
            Union when model.VectorChannels is null => "union ControlNets are for SDXL",
            T2I or Ip when ModelFamily.Of(model).AdapterUnshuffle is null => $"there is no {type} for this family",
            _ => null,
        };

    /// <summary>
    /// Whether a control of the type is a network that is run at each step, beside the UNet; the others are computed
    /// once.
    /// </summary>
    public static bool RunsAtEachStep(string type) => type is ControlNetType or ControlLora or Union;

    /// <summary>A control; it is of the dispose scope.</summary>
    public IControl Make(string type)
    {
        var strength = new ControlStrength();
        var hint = rand([1, 3, size, size], placement.Dtype, placement.Device);
        switch (type)
        {
            // A Control-LoRA is a ControlNet from when it is loaded.
            case ControlNetType or ControlLora:
                var net = Random(new ControlNet(new ControlNetParams { UNet = model }, placement));
                return new AttachedControl(net, net.EncodeHint(hint), strength);
            case Union:
                var shape = new ControlNetUnionParams(new ControlNetParams { UNet = model }, 6, 256, 1);
                var union = Random(new ControlNetUnion(shape, placement));
                return new AttachedUnion(union, union.EncodeHint(hint, 0), [0], strength);
            case T2I:
                var adapter = Random(new T2IAdapter(AdapterShape(), placement));
                var features = adapter.Params.PlacesIn(model).Zip(adapter.Forward(hint));
                return new AttachedAdapter(features.ToDictionary(pair => pair.First, pair => pair.Second), strength);
            case Ip:
                var pictures = Random(new IpAdapter(PictureShape(), placement));
                var embedding = rand([1, EmbeddingWidth], placement.Dtype, placement.Device);
                var keys = pictures.Keys(pictures.Tokens(embedding), model, _ => 1);
                return new AttachedPictures(keys, keys, strength);
            default:
                throw new ArgumentException($"There is no control of the type '{type}'.", nameof(type));
        }
    }

    private T2IAdapterParams AdapterShape()
    {
        int[] channels = [.. model.Levels.Select(level => level.Channels)];
        return new T2IAdapterParams
        {
            Channels = model.VectorChannels is null ? channels : [.. channels, channels[^1]],
            HintChannels = 3,
            Unshuffle = ModelFamily.Of(model).AdapterUnshuffle!.Value,
            Blocks = 2,
        };
    }

    private IpAdapterParams PictureShape() =>
        new()
        {
            ContextChannels = model.ContextChannels,
            Channels = [.. TextAttention.InFileOrder(model).Select(attention => attention.Channels)],
            Projection = new LinearProjectionParams(EmbeddingWidth, PictureTokens),
        };

    private static T Random<T>(T network)
        where T : nn.Module => BenchOptions.Randomised(network);
}
