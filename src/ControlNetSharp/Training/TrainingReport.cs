using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ControlNetSharp.Training;

/// <summary>The report of a training: an HTML page with its numbers, its curves and its sample pictures, made from what the training left in its folder.</summary>
public static class TrainingReport
{
    private const int Width = 720;
    private const int Height = 200;
    private static readonly (string Key, string Title)[] Curves =
    [
        ("loss", "training loss (running mean)"), ("validationLoss", "validation loss (fixed noise)"), ("fidelity", "fidelity of the samples to their hints"), ("learningRate", "learning rate"),
    ];

    /// <summary>Writes <c>report.html</c> and <c>curves.svg</c>.</summary>
    /// <param name="folder">The training's folder.</param>
    /// <param name="title">What was trained.</param>
    /// <param name="facts">Rows of the table: name and value.</param>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static void Write(string folder, string title, IEnumerable<(string Name, string Value)> facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        var curves = Svg(ReadMetrics(Path.Combine(folder, "metrics.jsonl")));
        File.WriteAllText(Path.Combine(folder, "curves.svg"), curves);
        var page = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>").Append(Html(title))
            .Append("</title><style>body{font:16px system-ui;margin:2rem auto;max-width:60rem}td{padding:.2rem 1rem .2rem 0}img{max-width:100%}</style></head><body>\n<h1>").Append(Html(title)).Append("</h1>\n<table>\n");
        foreach (var (name, value) in facts)
        {
            page.Append("<tr><td>").Append(Html(name)).Append("</td><td>").Append(Html(value)).Append("</td></tr>\n");
        }

        page.Append("</table>\n<h2>Curves</h2>\n").Append(curves).Append("\n<h2>Samples: hint above, picture below</h2>\n");
        var samples = Path.Combine(folder, "samples");
        string[] sheets = Directory.Exists(samples) ? Directory.GetFiles(samples, "step-*.png") : [];
        foreach (var file in sheets.Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(file);
            page.Append("<h3>").Append(Html(Path.GetFileNameWithoutExtension(name))).Append("</h3>\n<img src=\"samples/").Append(name).Append("\" alt=\"\">\n");
        }

        File.WriteAllText(Path.Combine(folder, "report.html"), page.Append("</body></html>\n").ToString());
    }

    private static string Html(string text) => HtmlEncoder.Default.Encode(text);

    /// <summary>The points of each curve. A resumed run has written some steps twice; the later ones count.</summary>
    private static Dictionary<string, SortedDictionary<double, double>> ReadMetrics(string file)
    {
        var points = Curves.ToDictionary(curve => curve.Key, _ => new SortedDictionary<double, double>());
        foreach (var line in File.Exists(file) ? File.ReadLines(file) : [])
        {
            using var row = JsonDocument.Parse(line);
            var step = row.RootElement.GetProperty("step").GetDouble();
            foreach (var (key, _) in Curves)
            {
                if (row.RootElement.TryGetProperty(key, out var value))
                {
                    points[key][step] = value.GetDouble();
                }
            }
        }

        return points;
    }

    private static string Svg(Dictionary<string, SortedDictionary<double, double>> points)
    {
        var shown = Curves.Where(curve => points[curve.Key].Count > 1).ToList();
        var svg = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{shown.Count * (Height + 40)}\" font-family=\"system-ui\" font-size=\"13\">"));
        foreach (var (row, (key, title)) in shown.Index())
        {
            var curve = points[key];
            var (least, most, last) = (curve.Values.Min(), curve.Values.Max(), curve.Keys.Last());
            var (top, span) = (row * (Height + 40) + 24, most > least ? most - least : 1);
            var line = string.Join(' ', curve.Select(point => string.Create(CultureInfo.InvariantCulture, $"{point.Key / Math.Max(last, 1) * Width:f1},{top + (most - point.Value) / span * Height:f1}")));
            svg.Append(CultureInfo.InvariantCulture, $"\n<text x=\"0\" y=\"{top - 8}\">{Html(title)}: {curve.Values.Last():g4} at step {last:f0} (from {least:g4} to {most:g4})</text>")
                .Append(CultureInfo.InvariantCulture, $"<polyline points=\"{line}\" fill=\"none\" stroke=\"#2563eb\" stroke-width=\"1.5\"/>");
        }

        return svg.Append("\n</svg>").ToString();
    }
}
