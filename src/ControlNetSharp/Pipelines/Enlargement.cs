using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Pipelines;

/// <summary>What a generation that enlarges needs beside its model.</summary>
internal sealed record Enlargement
{
    /// <summary>Without any network.</summary>
    public static Enlargement None { get; } = new();

    /// <summary>Enlarges pictures; null where an interpolation does.</summary>
    public PictureUpscaler? Upscaler { get; init; }

    /// <summary>What controls the tiles; null for nothing.</summary>
    public TileControl? Control { get; init; }

    /// <summary>A picture at a larger size.</summary>
    /// <param name="picture">The picture. Borrowed.</param>
    /// <param name="upscaler">What the request calls the upscaler.</param>
    /// <param name="size">The size.</param>
    /// <param name="cancellationToken">Looked at before each tile.</param>
    /// <exception cref="ArgumentException">A network is asked for and not there.</exception>
    public Picture Enlarge(Picture picture, string upscaler, PictureSize size, CancellationToken cancellationToken) =>
        UpscalerCatalogue.LookFor(upscaler) is { } row
            ? PictureResizing.Resize(picture, size.Width, size.Height, row.Pixels!.Value)
            : (
                Upscaler
                ?? throw new ArgumentException(
                    $"The upscaler \"{upscaler}\" is a file, and a {nameof(PictureGenerator)} loads none; "
                        + "ControlNetEngine does.",
                    nameof(upscaler)
                )
            ).Enlarge(picture, size.Width, size.Height, cancellationToken: cancellationToken);
}

/// <summary>The ControlNet of tiles.</summary>
/// <param name="Network">The network. Borrowed.</param>
/// <param name="Kind">The condition kind of its hints.</param>
/// <param name="Pools">As <see cref="PreparedControl.GlobalAveragePooling"/>.</param>
/// <param name="Hint">From a tile of the enlarged picture to its hint, of the same size.</param>
internal sealed record TileControl(ControlNetwork Network, string Kind, bool Pools, Func<Picture, Picture> Hint);
