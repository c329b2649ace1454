using ControlNetSharp.Checkpoints.KeyMaps;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Networks.Vision;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// A CLIP image encoder in transformers' layout or OpenCLIP's; a whole CLIP model with its text encoder is one, too.
/// </summary>
internal static class ImageEncoderFile
{
    private static readonly string[] Parts = ["vision_model", "visual_projection"];

    /// <summary>Whether an encoder says what a projection takes.</summary>
    public static bool Suits(ClipVisionParams encoder, ImageProjectionParams projection) =>
        (projection.TakesTokens ? encoder.Width : encoder.EmbeddingWidth) == projection.Width;

    /// <summary>The shape, from the header; all names, shapes and types are compared.</summary>
    /// <exception cref="CheckpointException">The file is damaged or no image encoder.</exception>
    public static ClipVisionParams Read(string path)
    {
        using var files = Open(path);
        return Read(files);
    }

    /// <summary>Loads it.</summary>
    /// <exception cref="CheckpointException">The file is damaged or no image encoder; nothing was loaded.</exception>
    public static ClipVision Load(string path, Placement placement)
    {
        using var files = Open(path);
        var network = new ClipVision(Read(files), placement);
        try
        {
            foreach (var (name, parameter) in network.named_parameters())
            {
                files.ReadInto(name, parameter);
            }

            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>The file with transformers' names.</summary>
    private static CheckpointFiles Open(string path)
    {
        var files = CheckpointFiles.Open(path);
        try
        {
            if (files.Shapes.ContainsKey(OpenClipKeys.Patches))
            {
                files.Rename(OpenClipKeys.PicturesToTransformers);
            }

            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    private static ClipVisionParams Read(CheckpointFiles files)
    {
        var shape = NetworkShapes.Inferred(
            files.Name,
            () => ClipVisionParams.Infer(files.Shapes, CheckpointMetadata.Read(files).Heads)
        );
        NetworkKeys.Compare(
            files,
            "a CLIP image encoder",
            [
                .. Parts.Select(part =>
                    (
                        part + ".",
                        (Func<TorchSharp.torch.nn.Module>)(
                            () =>
                                new ClipVision(shape, Placement.Meta)
                                    .named_children()
                                    .First(child => child.name == part)
                                    .module
                        )
                    )
                ),
            ]
        );
        return shape;
    }
}
