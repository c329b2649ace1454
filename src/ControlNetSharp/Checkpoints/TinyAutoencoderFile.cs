using ControlNetSharp.Checkpoints.KeyMaps;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// A file of TAESD: its decoder, its encoder, or both. Which family's latents it is for is not in it: those of SD 1.x
/// and 2.x and those of SDXL have the same names and shapes.
/// </summary>
internal static class TinyAutoencoderFile
{
    /// <summary>The layout of the original's files.</summary>
    public const string Layout = "taesd";

    private const int ChannelsOfSd = 4;

    /// <summary>Whether a file is TAESD, in either layout.</summary>
    /// <param name="files">The file, opened under LDM's names. Borrowed.</param>
    public static bool Is(CheckpointFiles files) =>
        TinyAutoencoderKeys.IsTiny(files.ShapesBelow(LdmLayout.Autoencoder).Keys);

    /// <summary>What there is to say of it, for people; nothing of another Autoencoder.</summary>
    /// <param name="files">The file, opened under LDM's names. Borrowed.</param>
    public static IReadOnlyList<(string Name, string Value)> FactsOf(CheckpointFiles files)
    {
        if (!Is(files))
        {
            return [];
        }

        var shapes = files.ShapesBelow(LdmLayout.Autoencoder);
        var (encodes, decodes) = (
            shapes.ContainsKey(TinyAutoencoderKeys.FirstOfEncoder),
            shapes.GetValueOrDefault(TinyAutoencoderKeys.FirstOfDecoder)
        );
        var form =
            decodes is null ? "TAESD, the encoder alone"
            : encodes ? "TAESD"
            : "TAESD, the decoder alone";
        return decodes switch
        {
            null => [("form", form), ("needs", "its decoder: a file of the same name with decoder in it")],
            [_, ChannelsOfSd, ..] => [("form", form), ("needs", "latents of SD 1.x and 2.x (taesd) or SDXL (taesdxl)")],
            _ => [("form", form), ("problem", "it is for latents of other families than SD 1.x, 2.x and SDXL.")],
        };
    }

    /// <summary>Loads the network for its decoder.</summary>
    /// <exception cref="CheckpointException">
    /// The file is damaged, is no decoder of TAESD, or one of families that cannot be run.
    /// </exception>
    public static Autoencoder Load(string path, Placement placement)
    {
        using var files = CheckpointFiles.OpenAsLdm(path);
        var network = Autoencoder.Of(Read(files), placement);
        try
        {
            foreach (var (name, parameter) in network.named_parameters())
            {
                files.ReadInto(LdmLayout.Autoencoder + name, parameter);
            }

            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>Compares names, shapes and types of a file with those of TAESD; no weight is read.</summary>
    /// <exception cref="CheckpointException">As for <see cref="Load"/>.</exception>
    public static void Check(string path)
    {
        using var files = CheckpointFiles.OpenAsLdm(path);
        Read(files);
    }

    private static AutoencoderParams Read(CheckpointFiles files)
    {
        if (!Is(files))
        {
            throw new CheckpointException(
                files.Name,
                $"this is {files.OtherKind ?? files.SourceKind ?? "of no known kind"}; a decoder of TAESD "
                    + "(taesd_decoder, taesdxl_decoder) is needed."
            );
        }

        var p = NetworkShapes.Inferred(
            files.Name,
            () => NetworkShapes.Autoencoder(files.ShapesBelow(LdmLayout.Autoencoder), new CheckpointMetadata())
        );
        NetworkKeys.Compare(files, "TAESD", (LdmLayout.Autoencoder, () => Autoencoder.Of(p, Placement.Meta)));
        return p.LatentChannels == ChannelsOfSd
            ? p
            : throw new CheckpointException(
                files.Name,
                $"it decodes latents of {p.LatentChannels} channels; those of SD 1.x, 2.x and SDXL have {ChannelsOfSd}."
            );
    }
}
