// The same behind IImageGenerator of Microsoft.Extensions.AI, with its log before it:
// dotnet run samples/image-generator.cs -- docs/pictures/coffee.png "a blue cup on a wooden table" out.png
#:project ../src/ControlNetSharp.Cpu
#:project ../src/ControlNetSharp.Pocket
#:project ../src/ControlNetSharp.Extensions.AI
#:property NoWarn=MEAI001
using ControlNetSharp.Engine;
using ControlNetSharp.Extensions.AI;
using ControlNetSharp.Requests;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

var (photograph, prompt, output) = (args[0], args[1], args[2]);
var steps = args.Length > 3 ? int.Parse(args[3], System.Globalization.CultureInfo.InvariantCulture) : 20;
var services = new ServiceCollection().AddLogging();
services.AddControlNetImageGenerator().UseLogging();
await using var provider = services.BuildServiceProvider();
var generator = provider.GetRequiredService<IImageGenerator>();

var options = new ImageGenerationOptions { StreamingCount = 3 }
    .With("seed", 7)
    .With("steps", steps)
    .WithControl(ControlUnit.Canny(photograph))
    .WithProgress(new Progress<GenerationProgress>(p => Console.Error.WriteLine($"step {p.Step} of {p.Steps}")));
var response = await generator.GenerateImagesAsync(prompt, options);
await File.WriteAllBytesAsync(output, ((DataContent)response.Contents[0]).Data.ToArray());
