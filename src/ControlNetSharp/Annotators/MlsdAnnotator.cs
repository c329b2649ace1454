using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Annotators;

/// <summary>
/// Straight lines by M-LSD large, white on black, one pixel wide. Source: annotator/mlsd,
/// lllyasviel/ControlNet@ed85cd1; ranges and defaults of mlsd, Mikubill/sd-webui-controlnet@56cec5b.
/// </summary>
public sealed class MlsdAnnotator : IAnnotator
{
    internal static readonly AnnotatorInfo Description = new(
        "hough",
        ["mlsd"],
        [
            new("value", 0.01, 2, 0.1, Whole: false, "probability above which there is a line"),
            new("distance", 0.01, 20, 0.1, Whole: false, "shortest line, in pixels of the map at half the size"),
        ],
        "straight lines by the M-LSD network"
    )
    {
        Weights = new(
            ["mlsd_large_512_fp32.pth", "mlsd_large_512_fp32.safetensors"],
            "lllyasviel/Annotators",
            "Apache-2.0"
        ),
    };

    /// <summary>A1111 fills pictures up to multiples of this.</summary>
    private const int Step = 64;

    /// <summary>At most so many lines: those with the most probable centres.</summary>
    private const int MaxLines = 200;

    private readonly NetworkLease<MlsdNetwork> _network;

    /// <summary>Rents the network.</summary>
    /// <param name="networks">Where it comes from.</param>
    internal MlsdAnnotator(AnnotatorNetworks networks)
    {
        _network = networks.Rent(
            networks.Files.Find(Description),
            $"weights of {Description.Name}",
            (shapes, placement) => new MlsdNetwork(new(shapes), placement)
        );
    }

    /// <inheritdoc/>
    public AnnotatorInfo Info => Description;

    /// <inheritdoc/>
    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        options ??= new AnnotatorOptions(Info);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var padded = PicturePadding.ToMultipleOf(picture, Step);
        var network = _network.Value;
        var maps = network.call(Input(padded).ToDeviceOf(network)).cpu();
        cancellationToken.ThrowIfCancellationRequested();
        var lines = Decode(maps, options["value"], options["distance"]);
        return PicturePadding.Cut(
            HoughAnnotator.Draw(lines, padded.Width, padded.Height),
            picture.Width,
            picture.Height
        );
    }

    /// <summary>The network.</summary>
    public void Dispose() => _network.Dispose();

    /// <summary>
    /// [1, 4, H, W], -1..1: the picture and a channel of ones, which are scaled like levels of 0..255, as in the
    /// original.
    /// </summary>
    internal static Tensor Input(Picture picture)
    {
        using var scope = NewDisposeScope();
        var levels = PictureTensors.ToLevels(picture);
        return cat([levels, ones_like(levels).narrow(1, 0, 1)], 1).Over(127.5).Minus(1).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The lines whose centre is more probable than everything within a pixel around and than <paramref name="value"/>,
    /// and that are longer than <paramref name="distance"/>; in pixels of the picture.
    /// </summary>
    /// <param name="maps">[1, 5 or more, H / 2, W / 2], as the network gives them. Borrowed.</param>
    /// <param name="value">Least probability.</param>
    /// <param name="distance">Least length, in pixels of the maps.</param>
    /// <exception cref="NotANumberException">A value is not a number.</exception>
    internal static IReadOnlyList<LineSegment> Decode(Tensor maps, double value, double distance)
    {
        using var scope = NewDisposeScope();
        var (height, width) = ((int)maps.shape[2], (int)maps.shape[3]);
        var plane = width * height;
        var values = maps.contiguous().data<float>().ToArray();
        if (Array.FindIndex(values, float.IsNaN) is var bad and >= 0)
        {
            throw new NotANumberException(
                $"The network gave values that are not numbers (first at map {bad / plane}, pixel {bad % plane})."
            );
        }

        float[] centres = [.. values.Take(plane).Select(logit => 1 / (1 + MathF.Exp(-logit)))];
        var lines = new List<LineSegment>();
        foreach (
            var i in Enumerable
                .Range(0, plane)
                .Where(i => IsPeak(centres, width, height, i % width, i / width))
                .OrderByDescending(i => centres[i])
                .Take(MaxLines)
        )
        {
            var (x0, y0, x1, y1) = (
                values[plane + i],
                values[2 * plane + i],
                values[3 * plane + i],
                values[4 * plane + i]
            );
            if (centres[i] > value && MathF.Sqrt((x0 - x1) * (x0 - x1) + (y0 - y1) * (y0 - y1)) > distance)
            {
                var (x, y) = ((double)(i % width), (double)(i / width));
                lines.Add(new LineSegment(2 * (x + x0), 2 * (y + y0), 2 * (x + x1), 2 * (y + y1)));
            }
        }

        return lines;
    }

    private static bool IsPeak(float[] centres, int width, int height, int x, int y)
    {
        for (var ny = Math.Max(0, y - 1); ny <= Math.Min(height - 1, y + 1); ny++)
        {
            for (var nx = Math.Max(0, x - 1); nx <= Math.Min(width - 1, x + 1); nx++)
            {
                if (centres[ny * width + nx] > centres[y * width + x])
                {
                    return false;
                }
            }
        }

        return true;
    }
}
