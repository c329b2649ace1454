// A photograph and a prompt become a picture that follows the photograph's edges:
// dotnet run -c Release --project samples/ControlledPicture -- docs/pictures/coffee.png "a blue cup" controlled.png
using ControlNetSharp.Engine;
using ControlNetSharp.Requests;

var (photograph, prompt, output) = (args[0], args[1], args[2]);
var steps = args.Length > 3 ? int.Parse(args[3]) : 20;
var progress = new Progress<GenerationProgress>(step => Console.Error.WriteLine($"step {step.Step} of {step.Steps}"));

await using var engine = new ControlNetEngine();
var request = new GenerationRequest
{
    Prompt = prompt,
    Seed = 7,
    Steps = steps,
    Units = [ControlUnit.Canny(photograph)],
};
var result = await engine.GenerateAsync(request, progress);
result.Pictures[0].Save(output);
