using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;

// Times the step that export_onnx.py wrote, on ONNX Runtime's CPU provider, and prints one JSON object, as
// `controlnet bench generate --json` does. Arguments: the folder, and the steps that are measured behind a first one.
if (args.Length is not (1 or 2))
{
    Console.Error.WriteLine("onnx-runtime-step FOLDER [STEPS]");
    return 2;
}

var folder = args[0];
var steps = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1;
using var options = new SessionOptions { GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL };
options.IntraOpNumThreads = Environment.ProcessorCount;
using var session = new InferenceSession(Path.Combine(folder, "step.onnx"), options);
using var run = new RunOptions();
var names = session.InputNames;
var inputs = names.Select(Read).ToList();
var expected = Numbers("expected");

// What it computes must be what PyTorch computed of the same weights and inputs, else the times say nothing.
var difference = Step().Zip(expected, (a, b) => double.Abs(a - b)).Max() / expected.Max(float.Abs);
if (!(difference < 0.001))
{
    Console.Error.WriteLine($"It differs by {difference:g3} of the largest number from what PyTorch computed.");
    return 1;
}

var seconds = Enumerable.Range(0, steps).Select(_ => Seconds()).Order().ToList();
Console.WriteLine(
    JsonSerializer.Serialize(
        new
        {
            version = OrtEnv.Instance().GetVersionString(),
            dtype = "float32",
            difference,
            secondsPerStep = (seconds[(steps - 1) / 2] + seconds[steps / 2]) / 2,
            secondsPerStepMin = seconds[0],
            secondsPerStepMax = seconds[^1],
        }
    )
);
inputs.ForEach(input => input.Dispose());
return 0;

OrtValue Read(string name) =>
    OrtValue.CreateTensorValueFromMemory(
        Numbers(name),
        [.. session.InputMetadata[name].Dimensions.Select(size => (long)size)]
    );

float[] Numbers(string name) =>
    MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(folder, name + ".bin"))).ToArray();

float[] Step()
{
    using var outputs = session.Run(run, names, inputs, session.OutputNames);
    return outputs[0].GetTensorDataAsSpan<float>().ToArray();
}

double Seconds()
{
    var clock = Stopwatch.GetTimestamp();
    Step();
    return Stopwatch.GetElapsedTime(clock).TotalSeconds;
}
