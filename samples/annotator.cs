// An annotator of one's own, in one file: lines of equal brightness become strokes for the ControlNet of scribbles.
// dotnet run samples/annotator.cs -- docs/pictures/coffee.png "a blue cup on a wooden table" out.png
#:project ../src/ControlNetSharp.Cpu
#:project ../src/ControlNetSharp.Pocket
using ControlNetSharp.Annotators;
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

var (photograph, prompt, output) = (args[0], args[1], args[2]);
var steps = args.Length > 3 ? int.Parse(args[3], System.Globalization.CultureInfo.InvariantCulture) : 20;
using var registered = AnnotatorCatalogue.Register(ContourAnnotator.Description, () => new ContourAnnotator());

// From here on it is known by its name to requests, JSON, prompts of other programs and web APIs of this process.
await using var engine = new ControlNetEngine();
var unit = ControlUnit.Scribble(photograph) with
{
    Annotator = "scribble_contours",
    Options = new Dictionary<string, double> { ["levels"] = 4 },
};
var request = new GenerationRequest
{
    Prompt = prompt,
    Seed = 7,
    Steps = steps,
    Units = [unit],
};
var result = await engine.GenerateAsync(request);
PictureWriter.Write(output, PictureSheet.Of([result.Hints[0], result.Pictures[0].Picture], columns: 2, gap: 4));

internal sealed class ContourAnnotator : IAnnotator
{
    public static readonly AnnotatorInfo Description = new(
        "scribble",
        ["scribble_contours"],
        [new("levels", Min: 2, Max: 16, Default: 4, Whole: true, "how many levels of brightness are told apart")],
        "lines of equal brightness; no network"
    );

    public AnnotatorInfo Info => Description;

    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        var levels = (options ?? new AnnotatorOptions(Description))["levels"];
        // Made small and large again it has no grain, whose contours nobody would draw.
        var (width, height) = (picture.Width, picture.Height);
        var coarse = PictureResizing.Resize(picture, (width + 5) / 6, (height + 5) / 6, Interpolation.Area);
        var rgb = PictureResizing.Resize(coarse, width, height, Interpolation.Cubic).Rgb;
        var level = new int[width * height];
        for (var i = 0; i < level.Length; i++)
        {
            var grey = 0.299 * rgb[3 * i] + 0.587 * rgb[3 * i + 1] + 0.114 * rgb[3 * i + 2];
            level[i] = (int)(grey * levels / 256);
        }

        var hint = new byte[rgb.Length];
        for (var i = width + 1; i < level.Length; i++)
        {
            if (level[i] != level[i - 1] || level[i] != level[i - width])
            {
                hint.AsSpan(3 * i, 3).Fill(255);
            }
        }

        return new Picture(width, height, hint);
    }

    public void Dispose() { }
}
