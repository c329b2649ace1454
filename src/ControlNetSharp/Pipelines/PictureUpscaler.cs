using ControlNetSharp.Networks.Upscalers;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// Enlarges pictures by a network, tile by tile: what is in memory beside the pictures is one tile. Of each tile the
/// middle counts; what lies around it is there so that the network sees it.
/// </summary>
/// <param name="network">The network. Borrowed.</param>
/// <param name="tile">Side of a tile, in pixels of the small picture.</param>
/// <param name="overlap">By how much tiles overlap.</param>
internal sealed class PictureUpscaler(
    UpscalerNetwork network,
    int tile = PictureUpscaler.DefaultTile,
    int overlap = PictureUpscaler.DefaultOverlap
)
{
    /// <summary>The usual side of a tile.</summary>
    public const int DefaultTile = 192;

    /// <summary>By how much tiles usually overlap.</summary>
    public const int DefaultOverlap = 32;

    /// <summary>How often a network is run at most, as in stable-diffusion-webui.</summary>
    private const int MostRuns = 3;

    /// <summary>
    /// How often a network enlarges a picture until it is as large as asked for; the rest is made by interpolation.
    /// Source: stable-diffusion-webui v1.10.1, modules/upscaler.py (behaviour).
    /// </summary>
    /// <param name="scale">That of the network.</param>
    /// <param name="wanted">Sides of the result in those of the picture.</param>
    public static int Runs(int scale, double wanted) =>
        scale == 1 ? 1
        : wanted <= 1 ? 0
        : Math.Min(MostRuns, (int)Math.Ceiling(Math.Log(wanted) / Math.Log(scale) - 1e-9));

    /// <summary>A picture at a size of at least its own.</summary>
    /// <param name="picture">The picture. Borrowed.</param>
    /// <param name="width">Pixels a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="done">Told of the share that is done, 0 to 1, after each tile; null for nobody.</param>
    /// <param name="cancellationToken">Looked at before each tile.</param>
    /// <exception cref="ArgumentException">On its way it would have more pixels than are allowed.</exception>
    public Picture Enlarge(
        Picture picture,
        int width,
        int height,
        Action<double>? done = null,
        CancellationToken cancellationToken = default
    )
    {
        using var withoutGradients = no_grad();
        var wanted = Math.Max((double)width / picture.Width, (double)height / picture.Height);
        var runs = Runs(network.Scale, wanted);
        // Of several runs the last one takes nearly all the time.
        for (var run = 1; run <= runs; run++)
        {
            picture = Enlarged(picture, run == runs ? done : null, cancellationToken);
        }

        return (picture.Width, picture.Height) == (width, height)
            ? picture
            : PictureResizing.Resize(
                picture,
                width,
                height,
                (long)width * height < (long)picture.Width * picture.Height
                    ? Interpolation.Area
                    : Interpolation.Lanczos4
            );
    }

    /// <summary>Once by the network.</summary>
    private Picture Enlarged(Picture picture, Action<double>? done, CancellationToken cancellationToken)
    {
        var scale = network.Scale;
        var most = PictureLimits.Default.MaxPixels;
        if ((long)picture.Width * scale > most / ((long)picture.Height * scale))
        {
            throw new ArgumentException(
                $"A picture of {picture.Width} x {picture.Height}, {scale} times as large, has more than {most} "
                    + "pixels.",
                nameof(picture)
            );
        }

        var weights = network.parameters().First();
        var (columns, rows) = (new TileRow(picture.Width, tile, overlap), new TileRow(picture.Height, tile, overlap));
        var large = Picture.Black(picture.Width * scale, picture.Height * scale);
        var (count, all) = (0, columns.Starts.Count * rows.Starts.Count);
        for (var row = 0; row < rows.Starts.Count; row++)
        {
            for (var column = 0; column < columns.Starts.Count; column++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                var (left, top) = (columns.Starts[column], rows.Starts[row]);
                var part = picture.Part(left, top, columns.Tile, rows.Tile);
                var made = network.Forward(PictureTensors.ToHint(part).to(weights.dtype).to(weights.device));
                var ((x, right), (y, bottom)) = (columns.Core(column), rows.Core(row));
                var core = PictureTensors.FromHint(
                    made.narrow(2, (y - top) * scale, (bottom - y) * scale)
                        .narrow(3, (x - left) * scale, (right - x) * scale)
                );
                large.Paste(core, x * scale, y * scale);
                done?.Invoke((double)++count / all);
            }
        }

        return large;
    }
}
