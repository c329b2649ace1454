using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Checkpoints.Controls;

/// <summary>
/// An IP-Adapter: base, Plus (also plus-face) or full-face, as safetensors or in the two dictionaries of a <c>.bin</c>.
/// Source: the files of h94/IP-Adapter and h94/IP-Adapter-FaceID (names); the golden key manifests.
/// </summary>
internal sealed class IpAdapterFile : ControlFile
{
    private const int UsualHeadWidth = 64;

    /// <summary>Width of the face embeddings of InsightFace.</summary>
    private const int FaceWidth = 512;

    private const string LinearName = "image_proj.proj.weight";
    private const string TokenName = "image_proj.proj.0.weight";
    private const string ResamplerName = "image_proj.proj_in.weight";

    /// <summary>Parts that only adapters for faces have.</summary>
    private static readonly string[] FaceParts = ["_lora.", "perceiver_resampler."];

    private readonly IpAdapterParams _params;

    public IpAdapterFile(CheckpointFiles files)
        : base(files)
    {
        RefuseFaces(files);
        _params = NetworkShapes.Inferred(
            files.Name,
            () => Shape(files.Shapes, CheckpointMetadata.Read(files).HeadWidth ?? UsualHeadWidth)
        );
    }

    /// <inheritdoc/>
    public override string Name => "IP-Adapter";

    /// <inheritdoc/>
    public override string Purpose => ControlPurpose.Of(_params);

    /// <inheritdoc/>
    public override string Family => ControlPurpose.FamilyOf(_params);

    /// <inheritdoc/>
    public override IReadOnlyList<string> HintKinds => [Kind];

    /// <inheritdoc/>
    public override ImageProjectionParams Projection => _params.Projection;

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, string Value)> Facts =>
        [("form", _params.Projection.Form), ("hint", Kind), ("needs", PublishedEncoder.NeedOf(_params.Projection))];

    /// <summary>The condition kind of pictures that are looked at whole.</summary>
    internal const string Kind = "ip";

    /// <inheritdoc/>
    public override bool Fits(UNetParams model) => _params.Fits(model);

    /// <inheritdoc/>
    public override void CheckKeys() =>
        NetworkKeys.Compare(
            Files,
            $"an IP-Adapter ({_params.Projection.Form}) of {Family}",
            ("", () => new IpAdapter(_params, Placement.Meta))
        );

    /// <inheritdoc/>
    public override ControlNetwork Load(Placement placement, DiffusionModel? model) =>
        Filled(new IpAdapter(_params, placement), Files, "");

    /// <summary>
    /// Adapters for faces are told by what they take: the 512 numbers of a recognised face, and changes (LoRAs) of the
    /// UNet beside them.
    /// </summary>
    private static void RefuseFaces(CheckpointFiles files)
    {
        var ofFaces = files.Shapes.Keys.FirstOrDefault(name =>
            Array.Exists(FaceParts, part => name.Contains(part, StringComparison.Ordinal))
        );
        var width = new[] { TokenName, ResamplerName }
            .Select(files.Shapes.GetValueOrDefault)
            .FirstOrDefault(shape => shape is [_, FaceWidth]);
        if (ofFaces is not null || width is not null)
        {
            throw new CheckpointException(
                files.Name,
                "this is an IP-Adapter for faces (FaceID or InstantID), which cannot be run: it takes the 512 numbers "
                    + "that InsightFace says of a face, and there is no network for them here. The files plus-face and "
                    + "full-face take a picture of a face.",
                ofFaces is null ? null : [ofFaces]
            );
        }
    }

    private static IpAdapterParams Shape(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes, int headWidth)
    {
        static string Key(int index) => $"ip_adapter.{IpAdapter.NameOf(index)}.to_k_ip.weight";
        int Size(string name, int dimension) =>
            shapes.GetValueOrDefault(name) is [_, _] shape
                ? (int)shape[dimension]
                : throw new KeyNotFoundException($"'{name}' is missing or no matrix.");
        var context = Size(Key(0), 1);
        return new IpAdapterParams
        {
            ContextChannels = context,
            Channels =
            [
                .. Enumerable
                    .Range(0, int.MaxValue)
                    .TakeWhile(index => shapes.ContainsKey(Key(index)))
                    .Select(index => Size(Key(index), 0)),
            ],
            Projection =
                shapes.ContainsKey(LinearName)
                    ? new LinearProjectionParams(Size(LinearName, 1), Divided(Size(LinearName, 0), context, "tokens"))
                : shapes.ContainsKey(TokenName) ? new TokenProjectionParams(Size(TokenName, 1), Size(TokenName, 0))
                : new ResamplerParams(Size(ResamplerName, 1))
                {
                    Channels = Size(ResamplerName, 0),
                    Queries = shapes.GetValueOrDefault("image_proj.latents") is [1, var queries, _]
                        ? (int)queries
                        : throw new KeyNotFoundException("'image_proj.latents' is missing or of another shape."),
                    Layers = Enumerable
                        .Range(0, int.MaxValue)
                        .TakeWhile(layer => shapes.ContainsKey($"image_proj.layers.{layer}.0.to_q.weight"))
                        .Count(),
                    AttentionWidth = Size("image_proj.layers.0.0.to_q.weight", 0),
                    Heads = Divided(Size("image_proj.layers.0.0.to_q.weight", 0), headWidth, "heads"),
                    InnerWidth = Size("image_proj.layers.0.1.1.weight", 0),
                },
        };
    }

    private static int Divided(int whole, int part, string what) =>
        whole % part == 0
            ? whole / part
            : throw new ArgumentException($"{whole} channels cannot be divided into {what} of {part}");
}
