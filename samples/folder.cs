// Every picture of a folder, made anew after a prompt and along its own edges:
// dotnet run samples/folder.cs -- docs/pictures "a watercolour of the same" out
#:project ../src/ControlNetSharp.Cpu
#:project ../src/ControlNetSharp.Pocket
using ControlNetSharp.Engine;
using ControlNetSharp.Requests;

var (folder, prompt, output) = (args[0], args[1], args[2]);
var steps = args.Length > 3 ? int.Parse(args[3], System.Globalization.CultureInfo.InvariantCulture) : 20;
Directory.CreateDirectory(output);
await using var engine = new ControlNetEngine();
foreach (var picture in Directory.GetFiles(folder, "*.png").Order(StringComparer.Ordinal))
{
    var request = new GenerationRequest
    {
        Prompt = prompt,
        Seed = 7,
        Steps = steps,
        Units = [ControlUnit.Canny(picture)],
    };
    var result = await engine.GenerateAsync(request);
    var made = Path.Combine(output, Path.GetFileName(picture));
    result.Pictures[0].Save(made);
    Console.WriteLine($"{made}: {result.Summary.TotalSeconds:0.0} s");
}
