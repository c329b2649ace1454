using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators;

/// <summary>Straight lines among the edges of <see cref="Canny"/>, white on black, one pixel wide.</summary>
public sealed class HoughAnnotator : IAnnotator
{
    internal static readonly AnnotatorInfo Description = new(
        "hough",
        ["hough"],
        [
            new("threshold", 1, 500, 50, Whole: true, "points that must agree on a line"),
            new("length", 0, 1000, 30, Whole: true, "shortest line, in pixels"),
            new("gap", 0, 100, 4, Whole: true, "longest gap within a line, in pixels"),
        ],
        "straight lines among the edges, no network"
    );

    /// <summary>Canny's thresholds.</summary>
    private const double Low = 100,
        High = 200;

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
        return Among(Greyscale.Of(Canny.Detect(picture, Low, High)), picture.Width, picture.Height, options);
    }

    /// <summary>The straight lines among edges.</summary>
    /// <param name="edges">width · height values; everything but 0 is an edge. Borrowed.</param>
    /// <param name="width">Pixels a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="options">Threshold, length and gap.</param>
    internal static Picture Among(byte[] edges, int width, int height, AnnotatorOptions options) =>
        Draw(
            HoughLines.Find(
                edges,
                width,
                height,
                (int)options["threshold"],
                (int)options["length"],
                (int)options["gap"]
            ),
            width,
            height
        );

    /// <summary>Nothing is held.</summary>
    public void Dispose() { }

    /// <summary>White lines on black; fractions of their ends are dropped.</summary>
    internal static Picture Draw(IEnumerable<LineSegment> lines, int width, int height)
    {
        var canvas = Picture.Black(width, height);
        foreach (var line in lines)
        {
            ThinLine.Draw(canvas, (long)line.X0, (long)line.Y0, (long)line.X1, (long)line.Y1);
        }

        return canvas;
    }
}
