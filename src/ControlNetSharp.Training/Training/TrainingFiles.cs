using System.Globalization;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Loras;
using ControlNetSharp.Networks;
using ControlNetSharp.Requests;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>Where a requested training writes, and how.</summary>
internal sealed class TrainingFiles(TrainingRequest request, IReadOnlyList<string> conditions)
{
    private const string Member = "out";

    /// <summary>The folder of encoded examples.</summary>
    public string Cache => request.Cache ?? Path.Combine(request.Out, "cache");

    private TargetParts Target => TargetParts.Of(request.Target);

    /// <summary>What a LoRA for few steps is then for; null for other targets.</summary>
    private LoraUsage? Usage =>
        Target.IsForOneCount
            ? Target.Usage! with
            {
                FewestSteps = request.LearnedSteps,
                MostSteps = request.LearnedSteps,
            }
            : Target.Usage;

    private string ControlFile =>
        Path.Combine(
            request.Out,
            $"{(Target.IsLowRank ? "control_lora" : "controlnet")}_{string.Join('_', conditions)}.safetensors"
        );

    private string ModelFile => Path.Combine(request.Out, "model.safetensors");

    private string LoraFile => Path.Combine(request.Out, $"{RequestValues.WordOf(request.Target)}_lora.safetensors");

    /// <summary>What a training leaves when it is finished.</summary>
    private IEnumerable<string> Results =>
        [
            .. Target.HasControl ? [ControlFile] : Array.Empty<string>(),
            .. Target.ChangesModel ? [ModelFile] : Array.Empty<string>(),
            .. Target.IsDistilled ? [LoraFile] : Array.Empty<string>(),
            Path.Combine(request.Out, TrainingReport.PageFile),
            Path.Combine(request.Out, TrainingReport.CurvesFile),
        ];

    /// <summary>Looks whether the training can write there. Problems name other members in backquotes.</summary>
    /// <exception cref="RequestException">
    /// There is another training, none to resume, a finished file, or nothing can be written.
    /// </exception>
    public void Check()
    {
        var begun = Trainer.HasCheckpoint(request.Out);
        RequestRules.Require(
            !begun || request.Resume,
            Member,
            request.Out,
            "there is a training in this folder; `resume` continues it, or name another folder."
        );
        RequestRules.Require(
            begun || !request.Resume,
            Member,
            request.Out,
            "there is no checkpoint in this folder to resume from; leave out `resume`."
        );
        // A training that goes on replaces what it has written itself.
        OutputFolder.CheckFree(Member, request.Out, Results, request.Overwrite || request.Resume);
        var parent = Path.GetDirectoryName(Path.GetFullPath(request.Out).TrimEnd(Path.DirectorySeparatorChar));
        if (parent is not null && !Directory.Exists(request.Out))
        {
            OutputFolder.Check(Member, request.Out, parent);
        }
    }

    /// <summary>Keeps the folder for this run alone until the result is disposed.</summary>
    /// <exception cref="RequestException">Another run has it.</exception>
    public IDisposable Claim() => OutputFolder.Claim(Member, request.Out);

    /// <summary>Writes the finished networks.</summary>
    /// <returns>The files.</returns>
    public IReadOnlyList<string> Write(
        DiffusionModel model,
        TrainableDenoiser denoiser,
        IEnumerable<HintSource> sources,
        string modelHash,
        TrainingResult result
    )
    {
        var metadata = TrainedWeights.MetadataOf(
            model.Family.Name,
            sources.DistinctBy(source => source.Description),
            modelHash,
            result
        );
        if (request.RewardOptions is { } reward)
        {
            metadata["reward"] = Invariant(reward.Weight);
            metadata["reward_timestep"] = Invariant(reward.Timestep);
        }

        var dtype = request.SaveDtype switch
        {
            SavedDtype.Fp32 => ScalarType.Float32,
            SavedDtype.Bf16 => ScalarType.BFloat16,
            _ => ScalarType.Float16,
        };
        var files = new List<string>();
        if (denoiser.ControlNet is { } controlNet)
        {
            files.Add(ControlFile);
            if (Target.IsLowRank)
            {
                TrainedWeights.WriteControlLora(files[^1], controlNet, dtype, metadata);
            }
            else
            {
                TrainedWeights.WriteControlNet(files[^1], controlNet, dtype, metadata);
            }
        }

        if (Target.ChangesModel)
        {
            files.Add(ModelFile);
            TrainedWeights.WriteModel(files[^1], model, dtype, metadata);
        }

        if (Usage is { } usage)
        {
            files.Add(LoraFile);
            metadata["teacher_guidance_scale"] = Invariant(request.TaughtGuidance);
            metadata["controlled_share"] = Invariant(request.ControlledShare);
            foreach (var (key, value) in usage.Write())
            {
                metadata[key] = value;
            }

            TrainedWeights.WriteLora(files[^1], denoiser.UNet, dtype, metadata);
        }

        return files;
    }

    private static string Invariant(double number) => number.ToString("r", CultureInfo.InvariantCulture);

    /// <summary>Writes the page that shows how it went.</summary>
    public void WriteReport(double rate, TrainingResult result, TimeSpan time)
    {
        static string Text(double? value) =>
            value is { } number ? number.ToString("g4", CultureInfo.InvariantCulture) : "–";
        TrainingReport.Write(
            request.Out,
            $"ControlNetSharp: training of {string.Join(", ", conditions)}",
            [
                ("data", request.Data),
                ("model", request.Model),
                ("target", $"{request.Target}{(Target.IsLowRank ? $" of rank {request.TrainedRank}" : "")}"),
                .. Target.IsDistilled
                    ?
                    [
                        ("guidance scale of the teacher", Text(request.TaughtGuidance)),
                        ("share of controlled batches", Text(request.ControlledShare)),
                    ]
                    : Array.Empty<(string, string)>(),
                .. request.RewardOptions is { } reward
                    ?
                    [
                        ("reward", $"{Text(reward.Weight)} up to timestep {reward.Timestep}"),
                        ("reward loss", Text(result.Reward)),
                    ]
                    : Array.Empty<(string, string)>(),
                ("learning rate", Text(rate)),
                ("batch size", $"{request.BatchSize} x {request.Accumulation}"),
                ("steps", $"{result.Step}"),
                ("time of this run", time.ToString("hh\\:mm\\:ss", CultureInfo.InvariantCulture)),
                ("training loss", Text(result.Loss)),
                ("validation loss", Text(result.ValidationLoss)),
                .. Target.HasControl
                    ?
                    [
                        ("fidelity", Text(result.Fidelity)),
                        ("fidelity without control", Text(result.FidelityWithoutControl)),
                        ("converged at step", Text(result.ConvergedAtStep)),
                    ]
                    : Array.Empty<(string, string)>(),
            ]
        );
    }
}
