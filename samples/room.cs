// A sketch of a room becomes four renderings of it, which keep its lines:
// dotnet run samples/room.cs -- docs/uses/room.png "a blue sofa, a big window and a yellow lamp in a room with white walls" out.jpg
#:project ../src/ControlNetSharp.Cpu
#:project ../src/ControlNetSharp.Pocket
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

var (sketch, prompt, output) = (args[0], args[1], args[2]);
var steps = args.Length > 3 ? int.Parse(args[3], System.Globalization.CultureInfo.InvariantCulture) : 20;
await using var engine = new ControlNetEngine();
var request = new GenerationRequest
{
    Prompt = prompt,
    Seed = 1,
    Steps = steps,
    Count = 4,
    // The drawing already is lines: they are only cleaned and turned to white on black.
    Units = [ControlUnit.Scribble(sketch) with { Annotator = "scribble_drawing" }],
};
var result = await engine.GenerateAsync(request);
PictureWriter.Write(output, PictureSheet.Of([.. result.Pictures.Select(made => made.Picture)], columns: 4, gap: 4));
