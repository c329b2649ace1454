using System.CommandLine;
using System.Diagnostics;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Models;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Cli;

/// <summary>
/// <c>controlnet evaluate</c>: how well a model's ControlNets make it follow hints. Options to a request, its report to
/// a table.
/// </summary>
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
    private static readonly Option<string?> Sampler = new("--sampler")
    {
        Description = "Name of a sampler, as for generate; default Euler.",
    };
    private static readonly Option<string[]> Loras = new("--lora")
    {
        Description = "A LoRA that is added to the model: a file, or its name as in <lora:NAME:1>; may be given again.",
    };
    private static readonly Option<string?> Guidance = new("--cfg")
    {
        Description = "Guidance scale, 1 to 30; default the model's own, else 7.",
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

    private static readonly Dictionary<string, string> Options = new(StringComparer.Ordinal)
    {
        ["model"] = Model.Name,
        ["controls"] = Kinds.Name,
        ["controls.kind"] = Kinds.Name,
        ["controls.model"] = Kinds.Name,
        ["pictures"] = Pictures.Name,
        ["data"] = Data.Name,
        ["steps"] = Steps.Name,
        ["sampler"] = Sampler.Name,
        ["loras"] = Loras.Name,
        ["guidanceScale"] = Guidance.Name,
        ["page"] = Page.Name,
        ["realScenes"] = Real.Name,
    };

    public static Command Create() =>
        ComputeSettings.AddedTo(
            new Command(
                "evaluate",
                "Measures how well pictures follow their hints, or how well the embedded annotators see."
            )
            {
                Model,
                Kinds,
                Pictures,
                Data,
                Steps,
                Sampler,
                Guidance,
                Loras,
                Combinations,
                Page,
                Real,
                Models,
                Annotators,
            }
        );

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

        var evaluation = RequestErrors.Named(Options, () => Find(arguments));
        foreach (var note in evaluation.Notes)
        {
            output.Message.WriteLine(note);
        }

        var clock = Stopwatch.StartNew();
        EvaluationReport report;
        using (var bar = new ProgressBar(output))
        {
            report = evaluation.Run(
                (done, total) => bar.Show(done, total, clock.Elapsed.TotalSeconds),
                cancellationToken
            );
        }

        foreach (var note in report.Notes)
        {
            output.Message.WriteLine(note);
        }

        if (json)
        {
            output.WriteJson(evaluation.Summarise(report));
        }
        else
        {
            output.Result.Write(EvaluationTable.Markdown(report));
        }
    }

    private static RequestedEvaluation Find(ParseResult arguments)
    {
        try
        {
            var request = Read(arguments);
            request.Check();
            return new RequestedEvaluation(
                request,
                ComputeSettings.Read(arguments).ToEngine(arguments.GetValue(Models))
            );
        }
        catch (RequestException e)
            when (e.InnerException is ModelNotFoundException
                && e.Member.StartsWith("controls", StringComparison.Ordinal)
            )
        {
            throw new RequestException(e.Member, e.Value, $"{e.Problem} Or give {e.Value}=FILE.", e);
        }
    }

    /// <summary>The options as a request.</summary>
    /// <exception cref="RequestException">A number is none.</exception>
    /// <exception cref="UsageException">A file is not there.</exception>
    private static EvaluationRequest Read(ParseResult arguments)
    {
        var usual = new EvaluationRequest();
        int Whole(Option<string?> option, string property, string member, int otherwise) =>
            arguments.GetValue(option) is { } text
                ? RequestValues.Integer<EvaluationRequest>(property, member, text)
                : otherwise;
        return usual with
        {
            Model = arguments.GetValue(Model) ?? usual.Model,
            Controls = [.. (arguments.GetValue(Kinds) ?? []).Select(ReadControl)],
            Pictures = Whole(Pictures, nameof(usual.Pictures), "pictures", usual.Pictures),
            Data = arguments.GetValue(Data),
            Steps = Whole(Steps, nameof(usual.Steps), "steps", usual.Steps),
            Sampler = arguments.GetValue(Sampler) ?? usual.Sampler,
            Loras = arguments.GetValue(Loras) ?? [],
            GuidanceScale = arguments.GetValue(Guidance) is { } guidance
                ? RequestValues.Real<EvaluationRequest>(nameof(usual.GuidanceScale), "guidanceScale", guidance)
                : usual.GuidanceScale,
            Combinations = arguments.GetValue(Combinations),
            Page = arguments.GetValue(Page),
            RealScenes = Whole(Real, nameof(usual.RealScenes), "realScenes", usual.RealScenes),
        };
    }

    private static EvaluatedControl ReadControl(string text)
    {
        var equals = text.IndexOf('=');
        var (kind, file) = (equals < 0 ? text : text[..equals], equals < 0 ? null : text[(equals + 1)..]);
        return file is null || File.Exists(file)
            ? new EvaluatedControl { Kind = kind, Model = file }
            : throw UsageException.Of(Kinds.Name, text, "there is no such file.");
    }
}
