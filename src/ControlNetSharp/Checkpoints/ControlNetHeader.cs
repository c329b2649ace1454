using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Checkpoints;

/// <summary>What the header of a ControlNet says of it; nothing of it is loaded.</summary>
internal static class ControlNetHeader
{
    private const int ShownFiles = 8;

    /// <summary>
    /// Reads the shape of a ControlNet and compares all names, shapes and types, with those that the model asks for,
    /// too.
    /// </summary>
    /// <param name="files">The ControlNet.</param>
    /// <param name="modelName">The model that it is to control, for the message.</param>
    /// <param name="model">That model's UNet; null to take any ControlNet.</param>
    /// <param name="others">Files among which one that fits is looked for where this one does not.</param>
    /// <exception cref="CheckpointException">It is no ControlNet, or not one for the model.</exception>
    public static ControlNetParams Read(
        CheckpointFiles files,
        string? modelName,
        UNetParams? model,
        IEnumerable<string>? others = null
    )
    {
        const string prefix = LdmLayout.Control;
        NetworkKeys.Require(files, prefix + "input_hint_block.0.weight", "a ControlNet");
        var p = NetworkShapes.Inferred(
            files.Name,
            () => NetworkShapes.ControlNet(files.ShapesBelow(prefix), CheckpointMetadata.Read(files))
        );
        var family = ModelFamily.Of(p.UNet);
        var expected = new ControlNetParams { UNet = p.UNet };
        if (
            p.HintChannels != expected.HintChannels
            || p.HintEncoderChannels.Count != expected.HintEncoderChannels.Count
        )
        {
            throw new CheckpointException(
                files.Name,
                $"its hint encoder takes {p.HintChannels} channels and has {p.HintEncoderChannels.Count + 1} "
                    + "convolutions; "
                    + $"{expected.HintChannels} channels and {expected.HintEncoderChannels.Count + 1} convolutions can "
                    + "be run."
            );
        }

        if (model is not null && !p.Fits(model))
        {
            var (differences, keys) = NetworkKeys.Differences(
                files,
                (
                    prefix,
                    () =>
                        new ControlNet(p with { UNet = model with { InChannels = model.OutChannels } }, Placement.Meta)
                )
            );
            throw new CheckpointException(
                files.Name,
                $"this ControlNet is for {family.Name} (context {p.UNet.ContextChannels}, {p.UNet.ModelChannels} "
                    + $"channels); the model {modelName} is {ModelFamily.Of(model).FullName} "
                    + $"(context {model.ContextChannels}, {model.ModelChannels} channels). Its keys differ from those "
                    + "of a ControlNet for that model: "
                    + $"{differences}.{(others is null ? "" : Suggestion(others, model))}",
                keys
            );
        }

        NetworkKeys.Compare(files, family.Name, (prefix, () => new ControlNet(p, Placement.Meta)));
        return p;
    }

    private static string Suggestion(IEnumerable<string> others, UNetParams model)
    {
        var fitting = Fitting(others, model).Take(ShownFiles + 1).ToList();
        return fitting.Count == 0
            ? " In the folders of the models there is no ControlNet for that model."
            : " These are ControlNets for that model: "
                + $"{string.Join(", ", fitting.Take(ShownFiles))}{(fitting.Count > ShownFiles ? ", …" : "")}.";
    }

    /// <summary>Those of some files that are ControlNets for a model; files that cannot be used are left out.</summary>
    private static IEnumerable<string> Fitting(IEnumerable<string> paths, UNetParams model) =>
        paths.Where(path =>
        {
            try
            {
                using var files = CheckpointFiles.OpenAsLdm(path);
                return Read(files, null, null).Fits(model);
            }
            catch (CheckpointException)
            {
                return false;
            }
        });
}
