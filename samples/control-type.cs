// A condition kind of one's own, in one file: the outline of what stands out from its background. Its hints are drawn by
// an annotator of its own and followed by the ControlNet that the kind names; here the embedded one for scribbles, else
// one from `controlnet train` in a folder of models.
// dotnet run samples/control-type.cs -- docs/pictures/coffee.png "a blue cup on a wooden table" out.png
#:project ../src/ControlNetSharp.Cpu
#:project ../src/ControlNetSharp.Pocket
using ControlNetSharp.Annotators;
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

var (photograph, prompt, output) = (args[0], args[1], args[2]);
var steps = args.Length > 3 ? int.Parse(args[3], System.Globalization.CultureInfo.InvariantCulture) : 20;
var kind = new ConditionKind("silhouette", ["outline"], "outline of what stands out: white on black")
{
    ControlNets = ["controlnet_scribble"],
};
using var registered = ConditionKind.Register(kind);
using var annotator = AnnotatorCatalogue.Register(SilhouetteAnnotator.Description, () => new SilhouetteAnnotator());

// From here on it is a kind like canny or depth: in requests, in JSON, and under /v1/controls of a server.
await using var engine = new ControlNetEngine();
var request = new GenerationRequest
{
    Prompt = prompt,
    Seed = 7,
    Steps = steps,
    Units = [new ControlUnit { Kind = "silhouette", Picture = photograph }],
};
var result = await engine.GenerateAsync(request);
PictureWriter.Write(output, PictureSheet.Of([result.Hints[0], result.Pictures[0].Picture], columns: 2, gap: 4));

internal sealed class SilhouetteAnnotator : IAnnotator
{
    public static readonly AnnotatorInfo Description = new(
        "silhouette",
        ["silhouette_border"],
        [new("difference", Min: 1, Max: 255, Default: 70, Whole: true, "levels by which it differs from the border")],
        "what differs from the mean colour of the picture's border; no network"
    );

    public AnnotatorInfo Info => Description;

    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        var difference = (options ?? new AnnotatorOptions(Description))["difference"];
        var (width, height) = (picture.Width, picture.Height);
        var coarse = PictureResizing.Resize(picture, (width + 7) / 8, (height + 7) / 8, Interpolation.Area);
        var smooth = PictureResizing.Resize(coarse, width, height, Interpolation.Cubic);
        var border = BorderOf(smooth);
        var stands = new bool[width * height];
        for (var i = 0; i < stands.Length; i++)
        {
            var (r, g, b) = (smooth.Rgb[3 * i], smooth.Rgb[3 * i + 1], smooth.Rgb[3 * i + 2]);
            stands[i] = Math.Abs(r - border.R) + Math.Abs(g - border.G) + Math.Abs(b - border.B) > difference;
        }

        var hint = new byte[3 * stands.Length];
        for (var i = width + 1; i < stands.Length; i++)
        {
            if (stands[i] != stands[i - 1] || stands[i] != stands[i - width])
            {
                hint.AsSpan(3 * i, 3).Fill(255);
            }
        }

        return new Picture(width, height, hint);
    }

    public void Dispose() { }

    private static (double R, double G, double B) BorderOf(Picture picture)
    {
        var (sum, count) = (new double[3], 0);
        for (var i = 0; i < picture.Width * picture.Height; i++)
        {
            var (x, y) = (i % picture.Width, i / picture.Width);
            if (x == 0 || y == 0 || x == picture.Width - 1 || y == picture.Height - 1)
            {
                count++;
                for (var channel = 0; channel < 3; channel++)
                {
                    sum[channel] += picture.Rgb[3 * i + channel];
                }
            }
        }

        return (sum[0] / count, sum[1] / count, sum[2] / count);
    }
}
