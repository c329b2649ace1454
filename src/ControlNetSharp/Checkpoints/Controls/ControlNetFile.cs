using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints.Controls;

/// <summary>A ControlNet, whole or as the difference to a model.</summary>
internal sealed class ControlNetFile : ControlFile
{
    private const string Prefix = LdmLayout.Control;
    private readonly ControlNetParams _params;

    public ControlNetFile(CheckpointFiles files)
        : base(files)
    {
        NetworkKeys.Require(files, Prefix + "input_hint_block.0.weight", "a ControlNet");
        _params = WithKnownHintEncoder(
            files,
            NetworkShapes.Inferred(
                files.Name,
                () => NetworkShapes.ControlNet(files.ShapesBelow(Prefix), CheckpointMetadata.Read(files))
            )
        );
    }

    /// <inheritdoc/>
    public override string Name => "ControlNet";

    /// <inheritdoc/>
    public override string Purpose => ControlPurpose.Of(_params.UNet);

    /// <inheritdoc/>
    public override string Family => ModelFamily.Of(_params.UNet).Name;

    /// <inheritdoc/>
    public override bool NeedsModel => Files.Tensors.ContainsKey(LdmLayout.Difference);

    /// <inheritdoc/>
    public override bool Fits(UNetParams model) => _params.Fits(model);

    /// <inheritdoc/>
    public override void CheckKeys() =>
        NetworkKeys.Compare(Files, Family, (Prefix, () => new ControlNet(_params, Placement.Meta)));

    /// <inheritdoc/>
    protected override (string Text, IReadOnlyList<string> Keys)? DifferencesTo(UNetParams model) =>
        NetworkKeys.Differences(
            Files,
            (
                Prefix,
                () =>
                    new ControlNet(
                        _params with
                        {
                            UNet = model with { InChannels = model.OutChannels },
                        },
                        Placement.Meta
                    )
            )
        );

    /// <inheritdoc/>
    public override ControlNetwork Load(Placement placement, DiffusionModel? model)
    {
        if (NeedsModel && model is null)
        {
            throw new CheckpointException(
                Files.Name,
                "it holds the differences of a ControlNet to a model ('difference' is among its keys); it can only be "
                    + "loaded for a model.",
                [LdmLayout.Difference]
            );
        }

        var network = Filled(new ControlNet(_params, placement), Files, Prefix);
        return NeedsModel ? AddBase(network, model!) : network;
    }

    /// <summary>
    /// Adds the model's weights to a ControlNet that was stored as the difference to them; its own parts, which no
    /// model has, stay as they are.
    /// </summary>
    private ControlNet AddBase(ControlNet network, DiffusionModel model)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var weights = new BaseWeights(model);
        foreach (var (name, parameter) in network.named_parameters().Where(p => weights.Has(p.name)))
        {
            parameter.copy_(Files.Read(Prefix + name, ScalarType.Float32).Plus(weights.Read(name, parameter.shape)));
        }

        return network;
    }
}
