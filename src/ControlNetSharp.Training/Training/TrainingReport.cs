using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Training;

/// <summary>
/// The report of a training: an HTML page with its numbers, its curves and its sample pictures, made from what the
/// training left in its folder.
/// </summary>
public static class TrainingReport
{
    /// <summary>The name of the page.</summary>
    public const string PageFile = "report.html";

    /// <summary>The name of the picture of the curves.</summary>
    public const string CurvesFile = "curves.svg";

    private const int Width = 720;
    private const int Height = 200;
    private static readonly (string Key, string Title)[] Curves =
    [
        ("loss", "training loss (running mean)"),
        (TrainingRun.Reward, "reward loss: what is read in pictures against their hints (running mean)"),
        ("validationLoss", "validation loss (fixed noise)"),
        ("fidelity", "fidelity of the samples to their hints"),
        ("learningRate", "learning rate"),
    ];

    /// <summary>Writes <see cref="PageFile"/> and <see cref="CurvesFile"/>; older ones are replaced.</summary>
    /// <param name="folder">The training's folder.</param>
    /// <param name="title">What was trained.</param>
    /// <param name="facts">Rows of the table: name and value.</param>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static void Write(string folder, string title, IEnumerable<(string Name, string Value)> facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        var curves = Svg(new TrainingMetrics(folder).Read());
        Write(Path.Combine(folder, CurvesFile), curves);
        var page = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>")
            .Append(Html(title))
            .Append(
                "</title><style>body{font:16px system-ui;margin:2rem auto;max-width:60rem}td{padding:.2rem 1rem .2rem "
                    + "0}img{max-width:100%}</style></head><body>\n<h1>"
            )
            .Append(Html(title))
            .Append("</h1>\n<table>\n");
        foreach (var (name, value) in facts)
        {
            page.Append("<tr><td>").Append(Html(name)).Append("</td><td>").Append(Html(value)).Append("</td></tr>\n");
        }

        page.Append("</table>\n<h2>Curves</h2>\n")
            .Append(curves)
            .Append("\n<h2>Samples: hint above, picture below</h2>\n");
        var samples = Path.Combine(folder, "samples");
        string[] sheets = Directory.Exists(samples) ? Directory.GetFiles(samples, "step-*.png") : [];
        foreach (var file in sheets.Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(file);
            page.Append("<h3>")
                .Append(Html(Path.GetFileNameWithoutExtension(name)))
                .Append("</h3>\n<img src=\"samples/")
                .Append(name)
                .Append("\" alt=\"\">\n");
        }

        Write(Path.Combine(folder, PageFile), page.Append("</body></html>\n").ToString());
    }

    private static void Write(string file, string text) =>
        WholeFile.Write(file, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    private static string Html(string text) => HtmlEncoder.Default.Encode(text);

    private static string Svg(IReadOnlyDictionary<string, SortedDictionary<double, double>> points)
    {
        var shown = Curves
            .Where(curve => points.TryGetValue(curve.Key, out var curvePoints) && curvePoints.Count > 1)
            .ToList();
        var svg = new StringBuilder(
            string.Create(
                CultureInfo.InvariantCulture,
                $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{shown.Count * (Height + 40)}\" "
                    + $"font-family=\"system-ui\" font-size=\"13\">"
            )
        );
        foreach (var (row, (key, title)) in shown.Index())
        {
            var curve = points[key];
            var (least, most, last) = (curve.Values.Min(), curve.Values.Max(), curve.Keys.Last());
            var (top, span) = (row * (Height + 40) + 24, most > least ? most - least : 1);
            var line = string.Join(
                ' ',
                curve.Select(point =>
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{point.Key / Math.Max(last, 1) * Width:f1},{top + (most - point.Value) / span * Height:f1}"
                    )
                )
            );
            svg.Append(
                    CultureInfo.InvariantCulture,
                    $"\n<text x=\"0\" y=\"{top - 8}\">{Html(title)}: {curve.Values.Last():g4} at step {last:f0} (from "
                        + $"{least:g4} to {most:g4})</text>"
                )
                .Append(
                    CultureInfo.InvariantCulture,
                    $"<polyline points=\"{line}\" fill=\"none\" stroke=\"#2563eb\" stroke-width=\"1.5\"/>"
                );
        }

        return svg.Append("\n</svg>").ToString();
    }
}
