// A ControlNet of one's own, from a dataset made of scenes to a picture that follows it:
// dotnet run samples/train.cs -- runs/mine 2000 500
#:project ../src/ControlNetSharp.Cpu
#:project ../src/ControlNetSharp.Pocket
#:project ../src/ControlNetSharp.Training
using ControlNetSharp.Engine;
using ControlNetSharp.Requests;
using ControlNetSharp.Training;
using ControlNetSharp.Training.Datasets;

int Number(int place) => int.Parse(args[place], System.Globalization.CultureInfo.InvariantCulture);
var (output, steps, scenes) = (args[0], Number(1), Number(2));
var data = output + "-data";
if (!Directory.Exists(data))
{
    Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(data))!);
    DatasetMaker.Make(data, new DatasetMakeOptions { Conditions = ["canny"], Scenes = scenes });
}

var training = new RequestedTraining(
    new TrainingRequest
    {
        Data = data,
        Conditions = ["canny"],
        Out = output,
        Steps = steps,
    },
    new EngineOptions()
);
var summary = training.Run(
    new TrainingEvents(progress => Console.Error.WriteLine(progress), message => Console.Error.WriteLine(message))
);
Console.WriteLine($"fidelity {summary.Fidelity:0.00}, without control {summary.FidelityWithoutControl:0.00}");

await using var engine = new ControlNetEngine();
var unit = ControlUnit.Canny(Path.Combine(data, "target", "0.png")) with { Model = summary.Files[0] };
var made = await engine.GenerateAsync(new GenerationRequest { Prompt = "a house", Units = [unit] });
made.Pictures[0].Save(Path.Combine(output, "first.png"));
