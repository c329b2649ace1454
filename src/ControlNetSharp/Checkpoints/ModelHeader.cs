using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>What the header of a model says of its networks; nothing of them is loaded.</summary>
/// <param name="UNet">The UNet.</param>
/// <param name="Autoencoder">The Autoencoder.</param>
/// <param name="Texts">The text encoders, in the order of the family's.</param>
/// <param name="Family">The family.</param>
/// <param name="Metadata">What shapes do not show.</param>
internal sealed record ModelHeader(
    UNetParams UNet,
    AutoencoderParams Autoencoder,
    IReadOnlyList<TextHeader> Texts,
    ModelFamily Family,
    CheckpointMetadata Metadata
)
{
    /// <summary>Width and height of the pictures that the model was trained with.</summary>
    public int NativeSize => Metadata.NativeSize ?? Family.NativeSize;

    /// <summary>The guidance scale of requests that name none: what the file says, else 7.</summary>
    public double GuidanceScale => Metadata.GuidanceScale ?? DiffusionModel.UsualGuidanceScale;

    /// <summary>Reads a model's header and compares all names, shapes and types.</summary>
    /// <exception cref="CheckpointException">It is not a model, or one that cannot be run.</exception>
    public static ModelHeader Read(CheckpointFiles files)
    {
        NetworkKeys.Require(
            files,
            LdmLayout.UNet + "input_blocks.0.0.weight",
            "a Stable Diffusion model (UNet, Autoencoder and text encoder in LDM layout)"
        );
        var metadata = CheckpointMetadata.Read(files);
        var unet = NetworkShapes.Inferred(
            files.Name,
            () => NetworkShapes.UNet(files.ShapesBelow(LdmLayout.UNet), metadata)
        );
        var family = ModelFamily.Of(unet);
        RequireTextsOfVector(files, family);
        RequireParts(files, family);
        metadata = metadata with { LatentScale = metadata.LatentScale ?? family.LatentScale };
        var autoencoder = NetworkShapes.Inferred(
            files.Name,
            () => NetworkShapes.Autoencoder(files.ShapesBelow(LdmLayout.Autoencoder), metadata)
        );
        var texts = TextHeader.In(files, family, metadata);
        RequireChannels(files.Name, unet, autoencoder);
        RequireWidths(files.Name, unet, texts);
        NetworkKeys.Compare(
            files,
            family.FullName,
            [
                (LdmLayout.UNet, () => new UNet(unet, Placement.Meta)),
                (LdmLayout.Autoencoder, () => Networks.Autoencoder.Of(autoencoder, Placement.Meta)),
                .. texts.Select<TextHeader, (string, Func<nn.Module>)>(text =>
                    (text.Place.Prefix, () => text.Place.Create(text.Params, Placement.Meta))
                ),
            ]
        );
        return new ModelHeader(unet, autoencoder, texts, family, metadata);
    }

    /// <summary>Not every UNet that takes a vector beside the text takes it from text encoders.</summary>
    private static void RequireTextsOfVector(CheckpointFiles files, ModelFamily family)
    {
        var missing = family.Texts.FirstOrDefault(text => text.PlaceIn(files.Shapes.Keys) is null);
        if (family.TakesVector && missing is not null)
        {
            throw new CheckpointException(
                files.Name,
                $"its UNet ({family.FullName}) takes a vector beside the text, but of the text encoders that make it "
                    + $"{missing.Places[0].Prefix} is missing; SDXL's refiner, unCLIP models and bare UNets cannot be "
                    + "run."
            );
        }
    }

    /// <summary>
    /// A UNet alone is no model: what else is missing is said, and that the Autoencoder may come from another file.
    /// </summary>
    private static void RequireParts(CheckpointFiles files, ModelFamily family)
    {
        string Missing(string folder, params IEnumerable<string> prefixes) =>
            files.SourceLayout == "diffusers"
                ? $"the folder '{folder.TrimEnd('/')}' has no weights"
                : $"no name begins with {string.Join(" or ", prefixes)}";
        var missing = new List<string>();
        if (files.ShapesBelow(LdmLayout.Autoencoder).Count == 0)
        {
            var place = Missing(DiffusersFolder.Autoencoder, LdmLayout.Autoencoder);
            missing.Add($"no Autoencoder ({place}), which can be taken from another file");
        }

        if (
            family.Texts.Index().FirstOrDefault(text => text.Item.PlaceIn(files.Shapes.Keys) is null) is
            { Item: { } text, Index: var index }
        )
        {
            var place = Missing(DiffusersFolder.Text(index), text.Places.Select(place => place.Prefix));
            missing.Add($"no text encoder ({place}), without which it cannot be run");
        }

        if (missing.Count > 0)
        {
            throw new CheckpointException(files.Name, $"the model has {string.Join(", and ", missing)}.");
        }
    }

    private static void RequireChannels(string file, UNetParams unet, AutoencoderParams autoencoder)
    {
        var latents = autoencoder.LatentChannels;
        if (unet.OutChannels != latents || (unet.InChannels != latents && unet.InChannels != 2 * latents + 1))
        {
            throw new CheckpointException(
                file,
                $"its UNet takes {unet.InChannels} channels and predicts {unet.OutChannels}, its Autoencoder has "
                    + $"{latents}; models can be run whose UNet predicts as many as the Autoencoder has and takes "
                    + $"as many or, for inpainting, those of a mask and a masked picture, too ({2 * latents + 1}). "
                    + "Others (8 channels: picture to picture by instruction; 5: by depth) cannot."
            );
        }
    }

    private static void RequireWidths(string file, UNetParams unet, IReadOnlyList<TextHeader> texts)
    {
        if (texts.Sum(text => text.Params.Width) != unet.ContextChannels)
        {
            throw new CheckpointException(
                file,
                $"its UNet is conditioned by texts of width {unet.ContextChannels}; "
                    + $"{(texts.Count == 1 ? "its text encoder has the width" : "its text encoders have the widths")} "
                    + $"{string.Join(" and ", texts.Select(text => text.Params.Width))}."
            );
        }

        if (
            unet.VectorChannels is { } vector
            && (vector - texts[^1].Params.PooledWidth) is var sizes
            && (sizes <= 0 || sizes % SizeConditioning.Count != 0)
        )
        {
            throw new CheckpointException(
                file,
                $"its UNet takes a vector of {vector} numbers, which has no room for a pooled text of "
                    + $"{texts[^1].Params.PooledWidth} and {SizeConditioning.Count} embedded sizes."
            );
        }
    }
}
