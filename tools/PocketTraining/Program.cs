using System.CommandLine;
using ControlNetSharp.Pictures;
using ControlNetSharp.PocketTraining;
using ControlNetSharp.Runtime;
using ControlNetSharp.Training;

NativeLibraries.EnsureLoaded();
TunedMalloc.Apply();
var runs = new Option<string>("--runs") { Description = "Folder for caches, checkpoints and metrics.", DefaultValueFactory = _ => "runs" };
var steps = new Option<long>("--steps") { Description = "Steps of the whole run.", Required = true };
var rate = new Option<double>("--rate") { Description = "Learning rate on the plateau.", DefaultValueFactory = _ => 1e-3 };
var pictures = new Option<int>("--pictures") { Description = "Training pictures.", DefaultValueFactory = _ => 6144 };
var decoderOnly = new Option<bool>("--decoder-only") { Description = "Leaves the encoder, and so the latents, as they are." };

var autoencoder = new Command("autoencoder", "Trains the Autoencoder on scenes.") { runs, pictures, steps, rate, decoderOnly };
autoencoder.SetAction((arguments, cancellationToken) => Task.Run(
    () =>
    {
        var folder = arguments.GetValue(runs)!;
        using var training = Scenes(folder, "training", 0, arguments.GetValue(pictures));
        using var validation = Scenes(folder, "validation", 0, 64);
        AutoencoderTraining.Run(Path.Combine(folder, "autoencoder"), training, validation, arguments.GetValue(steps), arguments.GetValue(rate), !arguments.GetValue(decoderOnly), cancellationToken);
    },
    CancellationToken.None));

return await new RootCommand("Trains the embedded model 'pocket' from nothing.") { autoencoder }.Parse(args).InvokeAsync();

static PictureCache Scenes(string folder, string name, long firstSeed, int count) =>
    PictureCache.Open(Path.Combine(folder, $"{name}.rgb"), PocketModel.PictureSize, count, i => throw new InvalidOperationException("Scenes are to come."));
