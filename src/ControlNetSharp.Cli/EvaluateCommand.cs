using System.CommandLine;
using System.Diagnostics;
using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Networks;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;

namespace ControlNetSharp.Cli;

/// <summary><c>controlnet evaluate</c>: how well a model's ControlNets make it follow hints.</summary>
internal static class EvaluateCommand
{
    private static readonly Option<string?> Model = new("--model", "-m")
    {
        Description = "pocket (embedded, the default) or a .safetensors checkpoint.",
    };
    private static readonly Option<string[]> Kinds = new("--control", "-c")
    {
        Description =
            "A condition kind, or KIND=FILE with its ControlNet; default: every kind for which a ControlNet is found.",
    };
    private static readonly Option<string?> Pictures = new("--pictures")
    {
        Description = $"Scenes to measure on, 1 to {EvaluationScenes.Most}; default 64.",
    };
    private static readonly Option<string?> Data = new("--data")
    {
        Description = "Folder of pictures to measure on in place of scenes; a prompt may lie beside each as .txt.",
    };
    private static readonly Option<string?> Steps = new("--steps")
    {
        Description = "Sampling steps, 1 to 1000; default 20.",
    };
    private static readonly Option<string?> Guidance = new("--cfg")
    {
        Description = "Guidance scale, 1 to 30; default 7.",
    };
    private static readonly Option<bool> Combinations = new("--combinations")
    {
        Description = "Measures combinations of units, too.",
    };
    private static readonly Option<string?> Page = new("--page")
    {
        Description =
            "Folder for index.html, which shows all pictures side by side; it does not exist yet or is empty.",
    };
    private static readonly Option<string?> Real = new("--real")
    {
        Description = "Further scenes that stand for real pictures in the kernel distance, 2 to 1000; default 256.",
    };
    private static readonly Option<string?> Models = new("--models")
    {
        Description = "Folder in which ControlNets, annotators and classifier.safetensors are searched.",
    };

    private static readonly Option<bool> Annotators = new("--annotators")
    {
        Description = "Measures the embedded annotators on scenes (default 500) in place of a model.",
    };

    public static Command Create()
    {
        var command = new Command(
            "evaluate",
            "Measures how well pictures follow their hints, or how well the embedded annotators see."
        )
        {
            Model,
            Kinds,
            Pictures,
            Data,
            Steps,
            Guidance,
            Combinations,
            Page,
            Real,
            Models,
            Annotators,
        };
        foreach (var option in ComputeSettings.Options)
        {
            command.Add(option);
        }

        return command;
    }

    public static void Run(ParseResult arguments, CommandOutput output, bool json, CancellationToken cancellationToken)
    {
        if (arguments.GetValue(Annotators))
        {
            var scenes = EvaluationScenes.Seeds(
                SceneGroup.Any,
                arguments.Whole(Pictures, 500, 1, EvaluationScenes.Most)
            );
            AnnotatorTable.Run(
                scenes,
                ModelFiles.ForAnnotators(arguments.GetValue(Models)),
                output,
                json,
                cancellationToken
            );
            return;
        }

        var (name, folder) = (arguments.GetValue(Model) ?? ModelFiles.Pocket, arguments.GetValue(Models));
        var count = arguments.Whole(Pictures, 64, 1, EvaluationScenes.Most);
        var (steps, guidance) = (arguments.Whole(Steps, 20, 1, 1000), arguments.Real(Guidance, 7, 1, 30));
        // Pictures from elsewhere are not compared with scenes.
        var real = arguments.Whole(Real, new EvaluationOptions().RealScenes, 2, 1000) * (arguments.Has(Data) ? 0 : 1);
        var files = arguments.GetValue(Data) is { } data ? PictureFiles(data, output) : null;
        var named = Named(arguments);
        var compute = ComputeSettings.Read(arguments);
        var modelPath = ModelFiles.FindModel(name, folder);
        var controlPaths =
            named.Count == 0
                ? Found(modelPath, folder)
                : named.ToDictionary(
                    control => control.Kind.Name,
                    control => control.File ?? ModelFiles.FindControlNet(control.Kind, modelPath, folder)
                );
        var page = arguments.GetValue(Page) is { } target ? new EvaluationPage(Page.Name, target) : null;
        var placement = compute.Place();
        CheckpointLoader.CheckControlNets(modelPath, controlPaths.Values);
        using var classifier = Classifier(output, folder);
        using var model = CheckpointLoader.LoadModel(modelPath, placement);
        var controls = new Dictionary<string, ControlNet>();
        try
        {
            foreach (var (kind, path) in controlPaths)
            {
                controls.Add(kind, CheckpointLoader.LoadControlNet(path, placement, model));
            }

            var evaluation = new ControlEvaluation(
                model,
                controls,
                new EvaluationOptions
                {
                    Sampling = new SamplingOptions { Steps = steps },
                    GuidanceScale = guidance,
                    WithCombinations = arguments.GetValue(Combinations),
                    Annotators = ModelFiles.ForAnnotators(folder),
                    Classifier = classifier,
                    RealScenes = real,
                    Workers =
                        NarrowModels.AreFasterSideBySide(model.UNet.Params)
                        && placement.Device.type == TorchSharp.DeviceType.CPU
                            ? 2
                            : 1,
                }
            );
            var seeds = EvaluationScenes.Of(evaluation.Groups, count);
            var (total, clock) = (files?.Count ?? seeds.Count, Stopwatch.StartNew());
            EvaluationReport report;
            using (var bar = new ProgressBar(output))
            {
                report = evaluation.Run(
                    files is null
                        ? seeds.Select(scene => EvaluationScenes.Reference(scene.Seed, scene.Groups, model.NativeSize))
                        : files.Select((file, i) => Reference(file, i, model.NativeSize)),
                    done => bar.Show(done, total, clock.Elapsed.TotalSeconds),
                    page is null ? null : page.Add,
                    cancellationToken
                );
            }

            page?.Write(name, report);
            foreach (var note in report.Notes)
            {
                output.Message.WriteLine(note);
            }

            EvaluationTable.Write(output, json, name, files?.Count ?? count, report);
        }
        finally
        {
            foreach (var control in controls.Values)
            {
                control.Dispose();
            }
        }
    }

    /// <summary>The kinds of the command line, with their files where it names them.</summary>
    private static List<(ConditionKind Kind, string? File)> Named(ParseResult arguments)
    {
        var named = new List<(ConditionKind Kind, string? File)>();
        foreach (var text in arguments.GetValue(Kinds) ?? [])
        {
            var equals = text.IndexOf('=');
            var (kind, file) = (KindOf(equals < 0 ? text : text[..equals]), equals < 0 ? null : text[(equals + 1)..]);
            if (file is not null && !File.Exists(file))
            {
                throw UsageException.Of(Kinds.Name, text, "there is no such file.");
            }

            if (named.Exists(other => other.Kind == kind))
            {
                throw UsageException.Of(Kinds.Name, text, $"{kind.Name} is given twice.");
            }

            named.Add((kind, file));
        }

        return named;
    }

    private static ConditionKind KindOf(string name)
    {
        try
        {
            var kind = ConditionKind.Find(name);
            _ = ConditionMetric.Of(kind.Name);
            return kind;
        }
        catch (UnknownNameException e)
        {
            throw UsageException.Of(Kinds.Name, name, e.Problem, e);
        }
    }

    /// <summary>All kinds for which a ControlNet is found.</summary>
    private static Dictionary<string, string> Found(string modelPath, string? folder)
    {
        var scored = ConditionMetric.All.Select(metric => ConditionKind.Find(metric.Kind)).ToList();
        var found = scored
            .Select(kind => (kind.Name, Path: ModelFiles.LookForControlNet(kind, modelPath, folder)))
            .Where(control => control.Path is not null)
            .ToDictionary(control => control.Name, control => control.Path!);
        if (found.Count == 0)
        {
            // The error names the places.
            ModelFiles.FindControlNet(scored[0], modelPath, folder);
        }

        return found;
    }

    private static SceneClassifier? Classifier(CommandOutput output, string? folder)
    {
        if (ModelFiles.LookForClassifier(folder) is { } path)
        {
            return SceneClassifier.Load(path);
        }

        output.Message.WriteLine(
            $"Prompt fidelity and picture quality are left out: {SceneClassifier.FileName} is not in "
                + $"{(folder is null ? "" : folder + " or ")}the folder of the embedded model."
        );
        return null;
    }

    private static List<string> PictureFiles(string folder, CommandOutput output)
    {
        if (!Directory.Exists(folder))
        {
            throw UsageException.Of(Data.Name, folder, "there is no such folder.");
        }

        string[] endings = [".png", ".jpg", ".jpeg", ".webp", ".bmp"];
        var (files, others) = (new List<string>(), new SortedSet<string>(StringComparer.Ordinal));
        foreach (var file in Directory.GetFiles(folder).Order(StringComparer.Ordinal))
        {
            var ending = Path.GetExtension(file).ToLowerInvariant();
            if (endings.Contains(ending))
            {
                files.Add(file);
            }
            else if (ending != ".txt")
            {
                others.Add(ending);
            }
        }

        if (others.Count > 0)
        {
            output.Message.WriteLine(
                $"controlnet: left out of {folder}: {string.Join(", ", others)}; looked for "
                    + $"{string.Join(", ", endings)}."
            );
        }

        return files.Count > 0
            ? files
            : throw UsageException.Of(
                Data.Name,
                folder,
                $"there is no picture in it; looked for {string.Join(", ", endings)}."
            );
    }

    private static ReferencePicture Reference(string file, int index, int size)
    {
        var text = Path.ChangeExtension(file, ".txt");
        return new ReferencePicture(
            PictureResizing.Fit(PictureReader.Read(file), size, size, ResizeMode.Crop),
            File.Exists(text) ? File.ReadAllText(text).Trim() : "",
            index
        );
    }
}
