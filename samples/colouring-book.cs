// A drawing of outlines becomes a sheet of the same picture, coloured in as many ways as there are prompts:
// dotnet run samples/colouring-book.cs -- docs/uses/house.png out.jpg 20 "a photo of a yellow house with a red roof" "a cartoon of a blue house" "a pastel drawing of a pink house at sunset"
#:project ../src/ControlNetSharp.Cpu
#:project ../src/ControlNetSharp.Pocket
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

var (drawing, output) = (args[0], args[1]);
var steps = int.Parse(args[2], System.Globalization.CultureInfo.InvariantCulture);
await using var engine = new ControlNetEngine();
var pages = new List<Picture> { PictureResizing.Fit(PictureReader.Read(drawing), 256, 256, ResizeMode.Fill) };
foreach (var prompt in args[3..])
{
    var request = new GenerationRequest
    {
        Prompt = prompt,
        Seed = 2,
        Size = new PictureSize(256, 256),
        Steps = steps,
        // Dark lines on white, shades and all, turned to light on black.
        Units = [ControlUnit.Lineart(drawing) with { Annotator = "invert", Resize = ResizeMode.Fill }],
    };
    var result = await engine.GenerateAsync(request);
    pages.Add(result.Pictures[0].Picture);
}

PictureWriter.Write(output, PictureSheet.Of(pages, columns: pages.Count, gap: 4));
