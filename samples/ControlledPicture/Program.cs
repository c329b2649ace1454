// A photograph and a prompt become a picture that follows the photograph's edges:
//   dotnet run -c Release --project samples/ControlledPicture -- docs/pictures/coffee.png "a blue cup on a wooden table" controlled.png
using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Runtime;

var (photograph, prompt, output) = (args[0], args[1], args[2]);
var pocket = Path.Combine(AppContext.BaseDirectory, "pocket");
var placement = PlacementPolicy.Choose("cpu", "auto");
using var model = CheckpointLoader.LoadModel(Path.Combine(pocket, "model"), placement);
using var controlNet = CheckpointLoader.LoadControlNet(Path.Combine(pocket, "controlnet_canny.safetensors"), placement, model);
using var canny = new CannyAnnotator();

// The annotator sees the photograph at the size of the result, so that lines are as thick as those the ControlNet knows.
var generator = new PictureGenerator(model);
var picture = PictureReader.Read(photograph);
var (width, height) = generator.SizeFor(picture);
var unit = new ControlUnit { ControlNet = controlNet, Hint = canny.Annotate(PictureResizing.Fit(picture, width, height, ResizeMode.Crop)) };
var request = new GenerationRequest { Prompt = prompt, Seed = 7, Units = [unit] };
var result = generator.Generate(request, progress => Console.Error.WriteLine($"step {progress.Step} of {progress.Steps}"));
PictureWriter.WritePng(output, result.Pictures[0]);
