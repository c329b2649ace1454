using System.CommandLine;
using ControlNetSharp.PocketTraining;
using ControlNetSharp.Runtime;
using ControlNetSharp.Scenes;
using ControlNetSharp.Training;
using static TorchSharp.torch;

NativeLibraries.EnsureLoaded();
AllocatorTuning.KeepFreedMemory(PocketModel.Workers);
set_num_threads(1);
var runs = new Option<string>("--runs")
{
    Description = "Folder for caches, checkpoints and metrics.",
    DefaultValueFactory = _ => "runs",
};
var pictures = new Option<int>("--pictures") { Description = "Training pictures.", DefaultValueFactory = _ => 6144 };
var steps = new Option<long>("--steps") { Description = "Steps of the whole run.", Required = true };
var rate = new Option<double>("--rate") { Description = "Learning rate on the plateau.", Required = true };
var decoderOnly = new Option<bool>("--decoder-only")
{
    Description = "Leaves the encoder, and so the latents, as they are.",
};
var fromWeights = new Option<bool>("--from-weights")
{
    Description = "Starts a new run from the embedded weights, not from nothing.",
};
var weights = new Option<string>("--weights")
{
    Description = "Folder of the embedded weights.",
    DefaultValueFactory = _ => "src/ControlNetSharp.Pocket/weights",
};

var batch = new Option<int>("--batch") { Description = "Pictures in a batch.", DefaultValueFactory = _ => 8 };
var device = new Option<string>("--device") { Description = "cpu or cuda:N.", DefaultValueFactory = _ => "cpu" };

var autoencoder = new Command("autoencoder", "Trains the Autoencoder on scenes.")
{
    runs,
    pictures,
    steps,
    rate,
    decoderOnly,
};
Run(
    autoencoder,
    (a, folder, stop) =>
    {
        using var training = Scenes(folder, "training", 0, a.GetValue(pictures));
        using var validation = Scenes(folder, "validation", ValidationSeed, ValidationCount);
        AutoencoderTraining.Run(
            folder,
            training,
            validation,
            a.GetValue(steps),
            a.GetValue(rate),
            !a.GetValue(decoderOnly),
            stop
        );
    }
);

var unet = new Command("unet", "Trains text encoder and UNet on the latents of the scenes.")
{
    runs,
    pictures,
    steps,
    rate,
    weights,
    fromWeights,
    batch,
    device,
};
Run(
    unet,
    (a, folder, stop) =>
    {
        var placement = PocketModel.PlacementOn(a.GetValue(device)!);
        using var training = Latents(folder, a.GetValue(weights)!, "training", 0, a.GetValue(pictures), placement);
        using var validation = Latents(
            folder,
            a.GetValue(weights)!,
            "validation",
            ValidationSeed,
            ValidationCount,
            placement
        );
        UNetTraining.Run(
            Path.Combine(folder, "unet"),
            training,
            validation,
            a.GetValue(steps),
            a.GetValue(rate),
            a.GetValue(batch),
            a.GetValue(fromWeights) ? a.GetValue(weights) : null,
            placement,
            stop
        );
    }
);

var annotators = new Command(
    "annotators",
    "Trains the network of the embedded annotators on scenes and what is known about them."
)
{
    runs,
    pictures,
    steps,
    rate,
};
Run(
    annotators,
    (a, folder, stop) =>
    {
        var count = a.GetValue(pictures);
        using var training = Truth(folder, "training", AnnotatorTraining.Seeds(count * 3 / 4, count / 4));
        using var validation = Truth(
            folder,
            "validation",
            [.. Enumerable.Range(0, ValidationCount).Select(i => ValidationSeed + i)]
        );
        AnnotatorTraining.Run(
            Path.Combine(folder, "annotators"),
            training,
            validation,
            a.GetValue(steps),
            a.GetValue(rate),
            stop
        );
    }
);

var workers = new Option<int>("--workers")
{
    Description = "Training threads, 1 or 2, each on a batch of its own.",
    DefaultValueFactory = _ => PocketModel.Workers,
};
var classifier = new Command(
    "classifier",
    "Trains the classifier by which generated pictures are compared with their prompts."
)
{
    runs,
    pictures,
    steps,
    rate,
    workers,
};
Run(
    classifier,
    (a, folder, stop) =>
    {
        using var training = Scenes(folder, "training", 0, a.GetValue(pictures));
        using var validation = ClassifierValidation(folder);
        ClassifierTraining.Run(
            Path.Combine(folder, "classifier"),
            training,
            validation,
            ValidationSeed,
            a.GetValue(steps),
            a.GetValue(rate),
            a.GetValue(workers),
            stop
        );
    }
);

var pack = new Command("pack", "Writes what has been trained so far into the folder of the embedded model.")
{
    runs,
    weights,
};
Run(
    pack,
    (a, folder, _) =>
    {
        var target = a.GetValue(weights)!;
        if (Trainer.HasCheckpoint(PocketWeights.AutoencoderFolder(folder)))
        {
            using var scenes = Scenes(folder, "validation", ValidationSeed, ValidationCount);
            PocketWeights.WriteAutoencoder(target, PocketWeights.Autoencoder(folder, scenes, target, CPU));
        }

        if (Trainer.HasCheckpoint(Path.Combine(folder, "unet")))
        {
            var (trainedUNet, text) = PocketWeights.Diffusion(Path.Combine(folder, "unet"), a.GetValue(weights)!);
            PocketWeights.WriteDiffusion(target, trainedUNet, text);
        }

        if (Trainer.HasCheckpoint(Path.Combine(folder, "annotators")))
        {
            PocketWeights.WriteAnnotators(target, Path.Combine(folder, "annotators"));
        }

        if (Trainer.HasCheckpoint(Path.Combine(folder, "classifier")))
        {
            using var scenes = ClassifierValidation(folder);
            using var network = ClassifierTraining.Calibrated(
                Path.Combine(folder, "classifier"),
                scenes,
                ValidationSeed
            );
            PocketWeights.WriteClassifier(target, network);
        }
    }
);

var trained = new Argument<string[]>("files")
{
    Description = "ControlNets that controlnet train has made.",
    Arity = ArgumentArity.OneOrMore,
};
var controls = new Command("controls", "Writes ControlNets into the folder of the embedded model.")
{
    trained,
    runs,
    weights,
};
Run(
    controls,
    (a, _, _) => Array.ForEach(a.GetValue(trained)!, file => PocketWeights.WriteControl(a.GetValue(weights)!, file))
);

var few = new Argument<string>("file") { Description = "The LoRA for four steps that controlnet train has made." };
var lora = new Command("lora", "Writes the LoRA for four steps into the folder of the embedded model.")
{
    few,
    runs,
    weights,
};
Run(lora, (a, _, _) => PocketWeights.WriteLora(a.GetValue(weights)!, a.GetValue(few)!));

var kinds = new Argument<string[]>("kinds")
{
    Description = "Kinds of control, such as lineart.",
    Arity = ArgumentArity.OneOrMore,
};
var place = new Option<string>("--to") { Description = "Folder for their files.", Required = true };
var unpack = new Command("unpack", "Writes embedded ControlNets as training made them, to go on from.")
{
    kinds,
    place,
    runs,
    weights,
};
Run(
    unpack,
    (a, _, _) =>
        Array.ForEach(
            a.GetValue(kinds)!,
            kind => PocketWeights.UnpackControl(a.GetValue(weights)!, kind, a.GetValue(place)!)
        )
);

return await new RootCommand("Trains the embedded model 'pocket' from nothing.")
{
    autoencoder,
    unet,
    annotators,
    classifier,
    pack,
    controls,
    lora,
    unpack,
}
    .Parse(args)
    .InvokeAsync();

void Run(Command command, Action<ParseResult, string, CancellationToken> action) =>
    command.SetAction(
        (arguments, stop) => Task.Run(() => action(arguments, arguments.GetValue(runs)!, stop), CancellationToken.None)
    );

static PictureCache Scenes(string folder, string name, long firstSeed, int count)
{
    Directory.CreateDirectory(folder);
    return PictureCache.Open(
        Path.Combine(folder, $"{name}-{count}.rgb"),
        PocketModel.PictureSize,
        count,
        i =>
        {
            var scene = Scene.FromSeed(firstSeed + i);
            return (SceneRenderer.Render(scene, PocketModel.PictureSize), scene.Caption);
        }
    );
}

static PictureCache ClassifierValidation(string folder) =>
    Scenes(folder, "validation-of-classifier", ValidationSeed, ClassifierValidationCount);

static SceneCache Truth(string folder, string name, long[] seeds)
{
    Directory.CreateDirectory(folder);
    return SceneCache.Open(Path.Combine(folder, $"{name}-{seeds.Length}.truth"), PocketModel.PictureSize, seeds);
}

static LatentCache Latents(string folder, string weights, string name, long firstSeed, int count, Placement placement)
{
    using var scenes = Scenes(folder, name, firstSeed, count);
    using var validation = Scenes(folder, "validation", ValidationSeed, ValidationCount);
    using var trained = PocketWeights.Autoencoder(folder, validation, weights, placement.Device);
    return LatentCache.Open(Path.Combine(folder, $"{name}-{count}.latents.safetensors"), trained, scenes, placement);
}

/// <summary>Seeds of scenes that are never trained on.</summary>
internal partial class Program
{
    private const long ValidationSeed = 900_000;
    private const int ValidationCount = 64;
    private const int ClassifierValidationCount = 512;
}
