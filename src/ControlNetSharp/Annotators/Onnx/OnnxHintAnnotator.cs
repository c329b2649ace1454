using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.Onnx;

/// <summary>A map of depth or lines by an ONNX file: see <see cref="OnnxHints"/>.</summary>
internal sealed class OnnxHintAnnotator(AnnotatorInfo info, NetworkLease<IOnnxModel> model) : IAnnotator
{
    private const int Channels = 3;

    /// <summary>Sides that nobody says are rounded up to multiples of this, which most networks can halve.</summary>
    private const int Step = 32;

    /// <summary>The most pixels that a network is given where nobody says a size.</summary>
    private const long MaxPixels = 4L << 20;

    /// <inheritdoc/>
    public AnnotatorInfo Info => info;

    /// <inheritdoc/>
    /// <exception cref="CheckpointException">
    /// The file does not take one picture, or gives no map, or wants another size than the options say.
    /// </exception>
    /// <exception cref="NotANumberException">It gives numbers that are none.</exception>
    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(picture);
        cancellationToken.ThrowIfCancellationRequested();
        options ??= new AnnotatorOptions(info);
        var isRows = IsChannelsLast();
        var (width, height) = SizeFor(picture, options, isRows);
        var outputs = model.Value.Run(Input(picture, width, height, options, isRows));
        cancellationToken.ThrowIfCancellationRequested();
        var (map, mapWidth, mapHeight) = Map(outputs, (int)options[OnnxHints.Output]);
        var values = Resampling.Resize(
            map,
            mapWidth,
            mapHeight,
            1,
            picture.Width,
            picture.Height,
            Interpolation.Linear
        );
        return info.Kind == OnnxHints.DepthKind
            ? Depth(values, picture, options)
            : Lines(values, picture, options);
    }

    /// <inheritdoc/>
    public void Dispose() => model.Dispose();

    /// <summary>Whether the network takes [1, H, W, 3] instead of [1, 3, H, W].</summary>
    private bool IsChannelsLast() =>
        model.Value.Input.Shape switch
        {
            [null or 1, Channels or null, _, _] => false,
            [null or 1, _, _, Channels] => true,
            var shape => throw new CheckpointException(
                model.Value.File,
                $"takes [{OnnxPort.Sides(shape)}]; a network of hints takes one picture: [1, 3, height, width] or "
                    + "[1, height, width, 3]."
            ),
        };

    private (int Width, int Height) SizeFor(Picture picture, AnnotatorOptions options, bool isRows)
    {
        var shape = model.Value.Input.Shape;
        return (
            Side(OnnxHints.Width, shape[isRows ? 2 : 3], picture.Width),
            Side(OnnxHints.Height, shape[isRows ? 1 : 2], picture.Height)
        );

        int Side(string option, int? fixedSide, int own)
        {
            var wanted = (int)options[option];
            if (fixedSide is { } side)
            {
                return wanted == 0 || wanted == side
                    ? side
                    : throw new CheckpointException(
                        model.Value.File,
                        $"takes pictures with a {option} of {side}, not {wanted}."
                    );
            }

            var most = Math.Sqrt((double)MaxPixels / ((long)picture.Width * picture.Height));
            return wanted > 0
                ? wanted
                : Math.Max(1, (int)Math.Ceiling(own * Math.Min(1, most) / Step)) * Step;
        }
    }

    private static OnnxTensor Input(Picture picture, int width, int height, AnnotatorOptions options, bool isRows)
    {
        var seen = PictureResizing.Resize(
            picture,
            width,
            height,
            (long)width * height < (long)picture.Width * picture.Height ? Interpolation.Area : Interpolation.Cubic
        );
        var numbers = OnnxHints.Normalisations[(int)options[OnnxHints.Normalise]];
        var isBgr = options[OnnxHints.Channels] == 1;
        var plane = width * height;
        var values = new float[Channels * plane];
        for (var i = 0; i < values.Length; i++)
        {
            // The mean and deviation are those of a colour, wherever it stands.
            var (pixel, place) = (i / Channels, i % Channels);
            var colour = isBgr ? Channels - 1 - place : place;
            var number = (float)(
                (seen.Rgb[Channels * pixel + colour] / 255.0 - numbers.Mean[colour]) / numbers.Deviation[colour]
            );
            values[isRows ? i : place * plane + pixel] = number;
        }

        return new OnnxTensor(values, isRows ? [1, height, width, Channels] : [1, Channels, height, width]);
    }

    /// <summary>The output that is the map: one number for each pixel, whatever sides of 1 stand around it.</summary>
    private (float[] Values, int Width, int Height) Map(IReadOnlyList<OnnxTensor> outputs, int index)
    {
        if (index >= outputs.Count)
        {
            throw new CheckpointException(
                model.Value.File,
                $"has {outputs.Count} outputs; {OnnxHints.Output} must be from 0 to {outputs.Count - 1}, not {index}."
            );
        }

        var output = outputs[index];
        var sides = output.Shape.Where(side => side != 1).ToList();
        if (sides.Count > 2 || output.Shape.Count < 2 || output.Values.Length == 0)
        {
            throw new CheckpointException(
                model.Value.File,
                $"gives [{string.Join(", ", output.Shape)}] as output {index}; a map is "
                    + "[1, 1, height, width], or has fewer sides of 1."
            );
        }

        // A map that is one pixel high or wide has lost that side, too.
        return sides switch
        {
            [var height, var width] => (output.Values, width, height),
            [var length] => output.Shape[^1] == length ? (output.Values, length, 1) : (output.Values, 1, length),
            _ => (output.Values, 1, 1),
        };
    }

    private static Picture Depth(float[] values, Picture picture, AnnotatorOptions options)
    {
        var near = options[OnnxHints.Large] == 0 ? values : Array.ConvertAll(values, value => -value);
        return DepthPictures.Depth(near, picture.Width, picture.Height);
    }

    private static Picture Lines(float[] values, Picture picture, AnnotatorOptions options)
    {
        var white = options[OnnxHints.Range] == 0 ? 255f : 1f;
        var levels = Greyscale.FromLevels(Array.ConvertAll(values, value => value * white));
        return Greyscale.ToPicture(
            options[OnnxHints.Lines] == 0 ? levels : Array.ConvertAll(levels, level => (byte)(255 - level)),
            picture.Width,
            picture.Height
        );
    }
}
