using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Checkpoints.Controls;

/// <summary>A T2I-Adapter: full, light or for SDXL, in the original's or diffusers' layout.</summary>
internal sealed class T2IAdapterFile : ControlFile
{
    private const string Prefix = LdmLayout.Adapter;
    private static readonly int[] Hints = [1, 3];
    private readonly T2IAdapterParams _params;

    public T2IAdapterFile(CheckpointFiles files)
        : base(files) => _params = NetworkShapes.Inferred(files.Name, () => Shape(files.ShapesBelow(Prefix)));

    /// <inheritdoc/>
    public override string Name => "T2I-Adapter";

    /// <inheritdoc/>
    public override string Purpose => ControlPurpose.Of(_params);

    /// <inheritdoc/>
    public override string Family => ControlPurpose.FamilyOf(_params);

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, string Value)> Facts =>
        [("form", _params.Form), ("hint", _params.HintChannels == 1 ? "one channel: white lines on black" : "RGB")];

    /// <inheritdoc/>
    public override bool Fits(UNetParams model) => _params.Fits(model);

    /// <inheritdoc/>
    public override void CheckKeys() =>
        NetworkKeys.Compare(
            Files,
            $"a T2I-Adapter ({_params.Form})",
            (Prefix, () => new T2IAdapter(_params, Placement.Meta))
        );

    /// <inheritdoc/>
    public override ControlNetwork Load(Placement placement, DiffusionModel? model) =>
        Filled(new T2IAdapter(_params, placement), Files, Prefix);

    private static T2IAdapterParams Shape(Dictionary<string, IReadOnlyList<long>> shapes)
    {
        var isLight = shapes.ContainsKey("body.0.out_conv.weight");
        string Name(int stage, string part) => $"body.{stage}.{part}.weight";
        int Size(string name, int dimension) =>
            shapes.GetValueOrDefault(name) is [_, _, _, _] shape
                ? (int)shape[dimension]
                : throw new KeyNotFoundException($"'{name}' is missing or no convolution.");
        int Count(Func<int, string> name) =>
            Enumerable.Range(0, int.MaxValue).TakeWhile(number => shapes.ContainsKey(name(number))).Count();
        var stages = Count(stage => Name(stage, "resnets.0.block1"));
        var inputs = Size(isLight ? Name(0, "in_conv") : "conv_in.weight", 1);
        foreach (
            var (unshuffle, hint) in new[] { 8, T2IAdapterParams.XlUnshuffle }.SelectMany(_ => Hints, (u, h) => (u, h))
        )
        {
            if (inputs == hint * unshuffle * unshuffle)
            {
                IReadOnlyList<int> Widths(string part) =>
                    [.. Enumerable.Range(0, stages).Select(stage => Size(Name(stage, part), 0))];
                return new T2IAdapterParams
                {
                    HintChannels = hint,
                    Unshuffle = unshuffle,
                    Blocks = Count(block => Name(0, $"resnets.{block}.block1")),
                    Channels = Widths(isLight ? "out_conv" : "resnets.0.block1"),
                    InnerChannels = isLight ? Widths("in_conv") : null,
                };
            }
        }

        throw new ArgumentException(
            $"its first convolution takes {inputs} channels; 64 or 192 (SD 1.x) and 256 or 768 (SDXL) can be run"
        );
    }
}
