using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks;

namespace ControlNetSharp.Engine;

/// <summary>
/// The decoders of TAESD that previews are made with. Which family's latents a file is for is not in it; its name says
/// it, as it is published: <c>taesdxl_decoder</c> for SDXL, <c>taesd_decoder</c> for SD 1.x and 2.x. Loaded when they
/// are first needed, and small, so that they stay. Belongs to the thread of the device.
/// </summary>
internal sealed class PreviewDecoders : IDisposable
{
    private readonly IReadOnlyList<string> _files;
    private readonly Dictionary<string, Autoencoder> _loaded = new(StringComparer.Ordinal);

    /// <summary>Compares the headers of the files; nothing is loaded.</summary>
    /// <exception cref="CheckpointException">A file is not there, or no decoder of TAESD.</exception>
    public PreviewDecoders(IReadOnlyList<string> files)
    {
        _files = files;
        foreach (var file in files)
        {
            TinyAutoencoderFile.Check(file);
        }
    }

    /// <summary>The decoder for the latents of a model; null where there is none for its family. Borrowed.</summary>
    /// <exception cref="CheckpointException">The file has changed and cannot be used any more.</exception>
    public Autoencoder? For(DiffusionModel model)
    {
        // Families of one's own have latents of their own.
        var isPublished = model.Family.LatentColours is not null;
        var isXl = model.Family.TakesVector;
        if (!isPublished || _files.FirstOrDefault(file => IsForXl(file) == isXl) is not { } file)
        {
            return null;
        }

        if (!_loaded.TryGetValue(file, out var decoder))
        {
            _loaded[file] = decoder = TinyAutoencoderFile.Load(file, model.Placement);
        }

        return decoder;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var decoder in _loaded.Values)
        {
            decoder.Dispose();
        }

        _loaded.Clear();
    }

    private static bool IsForXl(string file) =>
        Path.GetFileName(file).Contains("xl", StringComparison.OrdinalIgnoreCase);
}
