using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.Midas;

/// <summary>Depth by MiDaS (A1111: depth_midas): near is bright. Source: annotator/midas/__init__.py, lllyasviel/ControlNet@ed85cd1.</summary>
public sealed class MidasDepthAnnotator : IAnnotator
{
    internal static readonly AnnotatorInfo Description = new("depth", ["depth_midas"], [], "depth by MiDaS (DPT hybrid)") { Weights = MidasDepth.Weights };

    private readonly MidasDepth _depth;

    internal MidasDepthAnnotator(MidasDepth depth) => _depth = depth;

    /// <inheritdoc/>
    public AnnotatorInfo Info => Description;

    /// <summary>Loads the network.</summary>
    /// <param name="files">Where the weights are looked for.</param>
    /// <exception cref="FileNotFoundException">The file is in none of the folders.</exception>
    /// <exception cref="Checkpoints.CheckpointException">The file is not what its name says.</exception>
    public static MidasDepthAnnotator Load(AnnotatorFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return new(MidasDepth.Load(files, Description));
    }

    /// <inheritdoc/>
    public Picture Annotate(Picture picture, AnnotatorOptions? options = null) => DepthPictures.Depth(_depth.Of(picture), picture.Width, picture.Height);

    /// <inheritdoc/>
    public void Dispose() => _depth.Dispose();
}
