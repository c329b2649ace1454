using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints.Controls;

/// <summary>
/// A Control-LoRA: a ControlNet whose matrices and convolutions are those of the model's UNet plus the product of two
/// smaller ones (up·down). What has one dimension replaces the model's; what no UNet has is whole.
/// Source: the files of stabilityai/control-lora (names); the golden key manifests.
/// </summary>
internal sealed class ControlLoraFile : ControlFile
{
    /// <summary>The empty tensor that says what the file is.</summary>
    public const string Marker = "lora_controlnet";

    private const string Prefix = LdmLayout.Control;
    private const string Up = $".{LowRankChange.UpName}";
    private const string Down = $".{LowRankChange.DownName}";
    private const string Weight = ".weight";
    private const int ShownKeys = 5;

    /// <summary>The parts of a ControlNet that no UNet has.</summary>
    private static readonly string[] OwnParts = ["input_hint_block.", "zero_convs.", "middle_block_out."];

    /// <summary>The shapes of the file's tensors, and of those that it makes.</summary>
    private readonly Dictionary<string, IReadOnlyList<long>> _shapes;
    private readonly Dictionary<string, IReadOnlyList<long>> _made;
    private readonly ControlNetParams _params;

    public ControlLoraFile(CheckpointFiles files)
        : base(files)
    {
        const string encoder = "input_hint_block.0.weight";
        _shapes = files.ShapesBelow(Prefix);
        if (!_shapes.ContainsKey(encoder))
        {
            throw new CheckpointException(files.Name, $"this Control-LoRA has no '{encoder}'.", [encoder]);
        }

        _made = new(_shapes, StringComparer.Ordinal);
        foreach (var pair in Pairs)
        {
            _made.TryAdd(pair + Weight, Made(pair));
        }

        // Heads and groups, which shapes do not show, are the model's; any will do until there is one.
        var unknown = new CheckpointMetadata { Heads = 1, NormGroups = 1 };
        _params = WithKnownHintEncoder(
            files,
            NetworkShapes.Inferred(files.Name, () => NetworkShapes.ControlNet(_made, unknown))
        );
    }

    /// <inheritdoc/>
    public override string Name => "Control-LoRA";

    /// <inheritdoc/>
    public override string Purpose => ControlPurpose.Of(_params.UNet);

    /// <inheritdoc/>
    public override string Family => ModelFamily.Of(_params.UNet).Name;

    /// <inheritdoc/>
    public override bool NeedsModel => true;

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, string Value)> Facts =>
        [
            ("rank", $"{Pairs.Select(pair => _shapes[pair + Down][0]).DefaultIfEmpty().Max()}"),
            ("needs", $"a model of {Family}, to whose weights it is added when it is loaded"),
        ];

    private IEnumerable<string> Pairs =>
        _shapes.Keys.Where(name => name.EndsWith(Up, StringComparison.Ordinal)).Select(name => name[..^Up.Length]);

    /// <inheritdoc/>
    public override bool Fits(UNetParams model) => _params.Fits(model);

    /// <inheritdoc/>
    public override void CheckKeys()
    {
        using var network = NetworkShapes.Inferred(Files.Name, () => new ControlNet(_params, Placement.Meta));
        var expected = network.named_parameters().ToDictionary(p => p.name, p => p.parameter.shape);
        List<(string Name, string Problem)> problems =
        [
            .. expected
                .Where(e => !_made.ContainsKey(e.Key) && !MayComeFromTheModel(e.Key, e.Value))
                .Select(e => (e.Key, "is missing")),
            .. expected
                .Where(e => _made.TryGetValue(e.Key, out var shape) && !shape.SequenceEqual(e.Value))
                .Select(e =>
                    (e.Key, $"makes [{string.Join(", ", _made[e.Key])}] instead of [{string.Join(", ", e.Value)}]")
                ),
            .. _shapes
                .Keys.Where(name => !IsExpected(name, expected))
                .Select(name => (name, "is unexpected or has no other half")),
            .. _shapes
                .Keys.Where(name => name != Marker && !SafetensorsFormat.CanBeWeights(Files.DtypeOf(Prefix + name)))
                .Select(name => (name, $"is of the dtype {Files.DtypeOf(Prefix + name)}, which cannot be weights")),
        ];
        if (problems.Count > 0)
        {
            var shown = problems.OrderBy(problem => problem.Name, StringComparer.Ordinal).Take(ShownKeys).ToList();
            throw new CheckpointException(
                Files.Name,
                $"it looks like a Control-LoRA of {Family}, but its keys do not fit: "
                    + string.Join("; ", shown.Select(problem => $"'{problem.Name}' {problem.Problem}"))
                    + (problems.Count > ShownKeys ? $"; and {problems.Count - ShownKeys} more." : "."),
                [.. shown.Select(problem => problem.Name)]
            );
        }
    }

    /// <inheritdoc/>
    public override ControlNetwork Load(Placement placement, DiffusionModel? model)
    {
        if (model is null)
        {
            throw new CheckpointException(
                Files.Name,
                "it is a Control-LoRA, which is added to the weights of a model; it can only be loaded for a model.",
                [Marker]
            );
        }

        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var (heads, groups) = (model.UNet.Params.Heads, model.UNet.Params.NormGroups);
        var network = new ControlNet(
            _params with
            {
                UNet = _params.UNet with { Heads = heads, NormGroups = groups },
            },
            placement
        );
        try
        {
            using var weights = new BaseWeights(model);
            foreach (var (name, parameter) in network.named_parameters())
            {
                using var step = NewDisposeScope();
                if (_shapes.ContainsKey(name))
                {
                    Files.ReadInto(Prefix + name, parameter);
                }
                else
                {
                    var own = weights.Read(name, parameter.shape);
                    parameter.copy_(
                        _made.ContainsKey(name) ? own.Plus(Change(name[..^Weight.Length], own.shape)) : own
                    );
                }
            }

            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>up·down, of the shape of the weight.</summary>
    private Tensor Change(string name, long[] shape)
    {
        Tensor Matrix(string half) => Files.Read(Prefix + name + half, ScalarType.Float32).flatten(1);
        return Matrix(Up).matmul(Matrix(Down)).reshape(shape);
    }

    /// <summary>The shape of a weight that two halves make; that of the first where the second is missing.</summary>
    private IReadOnlyList<long> Made(string pair) =>
        (_shapes[pair + Up], _shapes.GetValueOrDefault(pair + Down)) is ([var outputs, ..], { Count: > 1 } down)
            ? [outputs, .. down.Skip(1)]
            : _shapes[pair + Up];

    /// <summary>Programs that make such files may leave out norms and biases; then the model's stay.</summary>
    private static bool MayComeFromTheModel(string name, long[] shape) =>
        shape.Length == 1 && !Array.Exists(OwnParts, part => name.StartsWith(part, StringComparison.Ordinal));

    private bool IsExpected(string name, Dictionary<string, long[]> expected)
    {
        string? half =
            name.EndsWith(Up, StringComparison.Ordinal) ? Down
            : name.EndsWith(Down, StringComparison.Ordinal) ? Up
            : null;
        if (half is null)
        {
            return name == Marker || expected.ContainsKey(name);
        }

        var own = name[..name.LastIndexOf('.')];
        return expected.ContainsKey(own + Weight)
            && !_shapes.ContainsKey(own + Weight)
            && !Array.Exists(OwnParts, part => own.StartsWith(part, StringComparison.Ordinal))
            && _shapes.GetValueOrDefault(own + Up) is [_, var rank, ..]
            && _shapes.GetValueOrDefault(own + Down) is [var other, ..]
            && rank == other;
    }
}
