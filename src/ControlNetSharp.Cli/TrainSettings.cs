using System.CommandLine;
using ControlNetSharp.Annotators;
using ControlNetSharp.Evaluation;
using ControlNetSharp.Runtime;
using ControlNetSharp.Training;
using ControlNetSharp.Training.Datasets;
using static TorchSharp.torch;

namespace ControlNetSharp.Cli;

/// <summary>
/// What <c>controlnet train</c> is told, checked. Options for the training itself are named as in diffusers'
/// train_controlnet.py.
/// </summary>
internal sealed record TrainSettings
{
    private const double OriginalRate = 1e-5;
    private const double OriginalWidth = 320;

    /// <summary>
    /// Narrow networks bear and need a higher rate. Chosen by trial on the embedded model, of a tenth of the width: it
    /// converges at 4e-4 within 1000 steps, at 1e-4 within several thousand.
    /// </summary>
    private const double WidthExponent = 1.6;

    private static readonly Option<string> DataOption = new("--data")
    {
        Description = "The folder of the dataset.",
        Required = true,
    };
    private static readonly Option<string[]> ConditionOption = new("--condition")
    {
        Description =
            "What the hints show, such as canny; several kinds where annotators make the hints; any name where the "
            + "dataset brings them.",
        Required = true,
    };
    public static readonly Option<string> OutOption = new("--out")
    {
        Description = "Folder for the finished network, checkpoints, samples, report.",
        Required = true,
    };
    private static readonly Option<string?> ModelOption = new("--model", "-m")
    {
        Description = "The locked model: pocket (embedded, the default) or a .safetensors checkpoint.",
    };
    private static readonly Option<string?> ModelsOption = new("--models")
    {
        Description = "Folder in which annotators look for their weights.",
    };
    private static readonly Option<bool> ResumeOption = new("--resume")
    {
        Description = "Continues from the newest checkpoint in --out.",
    };
    private static readonly Option<bool> PlanOption = new("--plan")
    {
        Description = "Says what the training will cost in memory and time, and does nothing else.",
    };
    private static readonly Option<string?> TargetOption = new("--target")
    {
        Description =
            "controlnet (default), controlnet_and_decoder (the UNet's decoder is trained, too), or unet (full "
            + "fine-tuning).",
    };
    private static readonly Option<string?> StartOption = new("--controlnet_model_name_or_path")
    {
        Description = "A ControlNet to start from; default: a copy of the UNet.",
    };
    private static readonly Option<string?> ResolutionOption = new("--resolution")
    {
        Description =
            "Side of square pictures, a multiple of 64; others have about its area. Default: that of the model.",
    };
    private static readonly Option<string?> BatchOption = new("--train_batch_size")
    {
        Description = "Pictures a batch; default 4.",
    };
    private static readonly Option<string?> AccumulationOption = new("--gradient_accumulation_steps")
    {
        Description = "Batches a step; default 1.",
    };
    private static readonly Option<string?> StepsOption = new("--max_train_steps")
    {
        Description = "Steps; default: until the control has converged and gets no better.",
    };
    private static readonly Option<string?> RateOption = new("--learning_rate")
    {
        Description = "Default 1e-5 for the width of Stable Diffusion, more for narrower models (pocket: 4e-4).",
    };
    private static readonly Option<string?> ScheduleOption = new("--lr_scheduler")
    {
        Description = "constant (default), linear, cosine or plateau; those that fall need --max_train_steps.",
    };
    private static readonly Option<string?> WarmUpOption = new("--lr_warmup_steps")
    {
        Description = "Steps over which the rate rises; default 0.",
    };
    private static readonly Option<string?> OptimizerOption = new("--optimizer")
    {
        Description =
            "adamw (default), or muon, by which the matrices inside the networks learn faster; the rest stays "
            + "AdamW's. Best with --train_batch_size 16 or more.",
    };
    private static readonly Option<string?> Beta1Option = new("--adam_beta1") { Description = "Default 0.9." };
    private static readonly Option<string?> Beta2Option = new("--adam_beta2") { Description = "Default 0.999." };
    private static readonly Option<string?> EpsilonOption = new("--adam_epsilon") { Description = "Default 1e-8." };
    private static readonly Option<string?> DecayOption = new("--adam_weight_decay") { Description = "Default 0.01." };
    private static readonly Option<bool> EightBitOption = new("--use_8bit_adam")
    {
        Description = "Keeps the optimizer's state in eight bits.",
    };
    private static readonly Option<bool> CheckpointingOption = new("--gradient_checkpointing")
    {
        Description = "Less memory, a third more computing.",
    };
    private static readonly Option<string?> NormOption = new("--max_grad_norm")
    {
        Description = "Gradients are scaled down to this norm; 0 for no clipping. Default 1.",
    };
    private static readonly Option<string?> EmptyOption = new("--proportion_empty_prompts")
    {
        Description = "Share of prompts that are dropped; default 0.5.",
    };
    private static readonly Option<string?> SnrOption = new("--snr_gamma")
    {
        Description = "Gamma of min-SNR weighting; default: none.",
    };
    private static readonly Option<string?> OffsetOption = new("--noise_offset") { Description = "Default 0." };
    private static readonly Option<string?> AverageOption = new("--ema_decay")
    {
        Description = "Keeps an average of the weights, and writes that; default: none.",
    };
    private static readonly Option<string?> ValidateOption = new("--validation_steps")
    {
        Description = "Steps between two validations; default 500.",
    };
    private static readonly Option<string?> SamplesOption = new("--num_validation_images")
    {
        Description = "Pictures made at each; default 8.",
    };
    private static readonly Option<string?> SaveOption = new("--checkpointing_steps")
    {
        Description = "Steps between two checkpoints; default 500.",
    };
    private static readonly Option<string?> KeepOption = new("--checkpoints_total_limit")
    {
        Description = "Checkpoints that are kept; default 2.",
    };
    private static readonly Option<string?> SeedOption = new("--seed") { Description = "Default 1." };
    private static readonly Option<string?> CacheOption = new("--cache_dir")
    {
        Description = "Folder for encoded examples; default: cache in --out.",
    };
    private static readonly Option<string?> SaveDtypeOption = new("--save_dtype")
    {
        Description = "Type of the finished weights: fp16 (default), bf16 or fp32.",
    };

    public static IEnumerable<Option> Options =>
        [
            DataOption,
            ConditionOption,
            OutOption,
            ModelOption,
            ModelsOption,
            ResumeOption,
            PlanOption,
            TargetOption,
            StartOption,
            ResolutionOption,
            BatchOption,
            AccumulationOption,
            StepsOption,
            RateOption,
            ScheduleOption,
            WarmUpOption,
            OptimizerOption,
            Beta1Option,
            Beta2Option,
            EpsilonOption,
            DecayOption,
            EightBitOption,
            CheckpointingOption,
            NormOption,
            EmptyOption,
            SnrOption,
            OffsetOption,
            AverageOption,
            ValidateOption,
            SamplesOption,
            SaveOption,
            KeepOption,
            SeedOption,
            CacheOption,
            SaveDtypeOption,
            OutputFolder.Overwrite,
        ];

    public required string Data { get; init; }

    public required IReadOnlyList<string> Conditions { get; init; }

    public required string Out { get; init; }

    public required string Model { get; init; }

    public required AnnotatorFiles AnnotatorFiles { get; init; }

    public required bool Resume { get; init; }

    /// <summary>Whether the cost is asked for instead of the training.</summary>
    public required bool Plan { get; init; }

    public required TrainingTarget Target { get; init; }

    /// <summary>File of the ControlNet to start from.</summary>
    public string? Start { get; init; }

    public int? Resolution { get; init; }

    /// <summary>Null for the original's, scaled to the model's width.</summary>
    public double? Rate { get; init; }

    public required bool Checkpointing { get; init; }

    public double? SnrGamma { get; init; }

    public required string Cache { get; init; }

    public required ScalarType SaveDtype { get; init; }

    /// <summary>The rest; its learning rate has the shape but not yet the peak.</summary>
    public required TrainingRunOptions Run { get; init; }

    /// <summary>File of the finished ControlNet, where one is trained.</summary>
    public string ControlNetFile => Path.Combine(Out, $"controlnet_{string.Join('_', Conditions)}.safetensors");

    /// <summary>File of the finished model, where the UNet or its decoder is trained.</summary>
    public string ModelFile => Path.Combine(Out, "model.safetensors");

    /// <summary>What a training leaves when it is finished.</summary>
    private IEnumerable<string> Results =>
        [
            .. Target == TrainingTarget.UNet ? Array.Empty<string>() : [ControlNetFile],
            .. Target == TrainingTarget.ControlNet ? Array.Empty<string>() : [ModelFile],
            Path.Combine(Out, TrainingReport.PageFile),
            Path.Combine(Out, TrainingReport.CurvesFile),
        ];

    /// <summary>Reads and checks everything that can be checked without opening a model or the data.</summary>
    /// <exception cref="UsageException">
    /// Something is wrong; the message names the option, the value and what is allowed.
    /// </exception>
    public static TrainSettings Read(ParseResult arguments)
    {
        var folder = arguments.GetValue(OutOption)!;
        var resume = arguments.GetValue(ResumeOption);
        var steps = arguments.GetValue(StepsOption) is null
            ? (long?)null
            : arguments.Whole(StepsOption, 0, 1, 10_000_000);
        var shape = Choice(
            arguments,
            ScheduleOption,
            ("constant", LearningRateShape.Constant),
            ("linear", LearningRateShape.Linear),
            ("cosine", LearningRateShape.Cosine),
            ("plateau", LearningRateShape.Plateau)
        );
        if (shape != LearningRateShape.Constant && steps is null)
        {
            throw UsageException.Of(
                ScheduleOption.Name,
                arguments.GetValue(ScheduleOption)!,
                $"a rate that falls needs to know where it ends: give {StepsOption.Name}."
            );
        }

        var start = arguments.GetValue(StartOption);
        if (start is not null && !File.Exists(start))
        {
            throw UsageException.Of(StartOption.Name, start, "there is no such file.");
        }

        var norm = arguments.Real(NormOption, 1, 0, 1e6);
        var settings = new TrainSettings
        {
            Data = arguments.GetValue(DataOption)!,
            Conditions = ReadConditions(arguments),
            Out = folder,
            Model = arguments.GetValue(ModelOption) ?? ModelFiles.Pocket,
            AnnotatorFiles = ModelFiles.ForAnnotators(arguments.GetValue(ModelsOption)),
            Resume = resume,
            Plan = arguments.GetValue(PlanOption),
            Target = Choice(
                arguments,
                TargetOption,
                ("controlnet", TrainingTarget.ControlNet),
                ("controlnet_and_decoder", TrainingTarget.ControlNetAndDecoder),
                ("unet", TrainingTarget.UNet)
            ),
            Start = start,
            Resolution = arguments.GetValue(ResolutionOption) is null ? null : Multiple(arguments),
            Rate = arguments.GetValue(RateOption) is null ? null : arguments.Real(RateOption, 0, 0, 1),
            Checkpointing = arguments.GetValue(CheckpointingOption),
            SnrGamma = arguments.GetValue(SnrOption) is null ? null : arguments.Real(SnrOption, 5, 0.01, 1000),
            Cache = arguments.GetValue(CacheOption) ?? Path.Combine(folder, "cache"),
            SaveDtype = Choice(
                arguments,
                SaveDtypeOption,
                ("fp16", ScalarType.Float16),
                ("bf16", ScalarType.BFloat16),
                ("fp32", ScalarType.Float32)
            ),
            Run = new TrainingRunOptions
            {
                Folder = folder,
                Steps = steps,
                BatchSize = arguments.Whole(BatchOption, 4, 1, 1024),
                Accumulation = arguments.Whole(AccumulationOption, 1, 1, 1024),
                LearningRate = new LearningRate
                {
                    Peak = 0,
                    Shape = shape,
                    WarmUpSteps = arguments.Whole(WarmUpOption, 0, 0, 1_000_000),
                },
                Optimizer = new AdamWOptions
                {
                    Beta1 = arguments.Real(Beta1Option, 0.9, 0, 0.99999),
                    Beta2 = arguments.Real(Beta2Option, 0.999, 0, 0.9999999),
                    Epsilon = arguments.Real(EpsilonOption, 1e-8, 0, 1),
                    WeightDecay = arguments.Real(DecayOption, 0.01, 0, 10),
                    EightBitState = arguments.GetValue(EightBitOption),
                },
                Muon = Choice(arguments, OptimizerOption, ("adamw", null), ("muon", TrainableDenoiser.ForMuon)),
                LargestGradientNorm = norm == 0 ? null : norm,
                EmptyPrompts = arguments.Real(EmptyOption, 0.5, 0, 1),
                Loss = new DiffusionLoss(),
                NoiseOffset = arguments.Real(OffsetOption, 0, 0, 1),
                AverageDecay = arguments.GetValue(AverageOption) is null
                    ? null
                    : arguments.Real(AverageOption, 0, 0, 0.9999999),
                ValidateEvery = arguments.Whole(ValidateOption, 500, 1, 1_000_000),
                Samples = arguments.Whole(SamplesOption, 8, 1, 64),
                SaveEvery = arguments.Whole(SaveOption, 500, 1, 1_000_000),
                KeepCheckpoints = arguments.Whole(KeepOption, 2, 1, 1000),
                Seed = arguments.Whole(SeedOption, 1, 0, int.MaxValue),
            },
        };
        if (!settings.Plan)
        {
            settings.CheckOut(arguments.GetValue(OutputFolder.Overwrite));
        }

        return settings;
    }

    /// <summary>Refuses what needs a CPU where a GPU is to train.</summary>
    /// <exception cref="UsageException">The plan or the optimizer state of eight bits was asked for.</exception>
    public void CheckDevice(ComputeSettings compute)
    {
        if (!compute.OnCpu && Plan)
        {
            throw new UsageException(
                PlanOption.Name,
                $"{PlanOption.Name} knows the memory and the speed of the CPU only; leave out --device "
                    + $"{compute.Device}."
            );
        }

        if (!compute.OnCpu && Run.Optimizer.EightBitState)
        {
            throw new UsageException(
                EightBitOption.Name,
                $"{EightBitOption.Name} is for training on the CPU; leave it out with --device {compute.Device}."
            );
        }
    }

    /// <summary>The learning rate where none is given.</summary>
    /// <param name="width">Channels of the UNet's first level.</param>
    public static double DefaultRate(int width) => OriginalRate * Math.Pow(OriginalWidth / width, WidthExponent);

    /// <summary>Where the hints come from: the dataset where it brings them, annotators where it does not.</summary>
    /// <exception cref="UsageException">
    /// The dataset has no hints and a condition no annotator, or it has hints and several conditions are named.
    /// </exception>
    public IReadOnlyList<(TrainingExample Example, HintSource Source)> Sources(TrainingDataset dataset)
    {
        var withHints = dataset.Examples.Count(example => example.Hint is not null);
        if (withHints > 0 && Conditions.Count > 1)
        {
            throw UsageException.Of(
                ConditionOption.Name,
                string.Join(" ", Conditions),
                $"{withHints} examples of {Data} bring their hints, which show one condition; name that one."
            );
        }

        return
        [
            .. dataset.Examples.SelectMany(example =>
                Conditions.Select(condition =>
                    (
                        example,
                        example.Hint is not null
                            ? new HintSource(condition)
                            : new HintSource(condition, Annotator(condition, example))
                    )
                )
            ),
        ];
    }

    /// <summary>
    /// The annotator by which samples are scored; null where none works without weights or with those that are there.
    /// </summary>
    public IAnnotator? Judge(string condition)
    {
        var annotator = ConditionMetric.All.FirstOrDefault(metric => metric.Kind == condition)?.Annotator;
        try
        {
            return annotator is null ? null : AnnotatorCatalogue.Create(annotator, AnnotatorFiles);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private static AnnotatorInfo Annotator(string condition, TrainingExample example)
    {
        try
        {
            return AnnotatorCatalogue.Find(condition);
        }
        catch (UnknownNameException e)
        {
            throw UsageException.Of(
                ConditionOption.Name,
                condition,
                $"the dataset has no hint for {example.Picture}, and none can be made: {e.Problem}"
            );
        }
    }

    private static List<string> ReadConditions(ParseResult arguments)
    {
        var names = new List<string>();
        foreach (
            var name in arguments
                .GetValue(ConditionOption)!
                .SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries))
        )
        {
            if (name.Length is 0 or > 64 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
            {
                throw UsageException.Of(ConditionOption.Name, name, "must be 1 to 64 letters, digits, _ or -.");
            }

            var kind =
                ConditionKind
                    .All.FirstOrDefault(kind => kind.Aliases.Contains(name, StringComparer.OrdinalIgnoreCase))
                    ?.Name
                ?? name.ToLowerInvariant();
            if (names.Contains(kind))
            {
                throw UsageException.Of(ConditionOption.Name, name, "is given twice.");
            }

            names.Add(kind);
        }

        return names;
    }

    private void CheckOut(bool overwrites)
    {
        var begun = Trainer.HasCheckpoint(Out);
        if (begun && !Resume)
        {
            throw UsageException.Of(
                OutOption.Name,
                Out,
                $"there is a training in this folder; {ResumeOption.Name} continues it, or name another folder."
            );
        }

        if (Resume && !begun)
        {
            throw UsageException.Of(
                OutOption.Name,
                Out,
                $"there is no checkpoint in this folder to resume from; leave out {ResumeOption.Name}."
            );
        }

        // A training that goes on replaces what it has written itself.
        OutputFolder.CheckFree(OutOption.Name, Out, Results, overwrites || Resume);
        var parent = Path.GetDirectoryName(Path.GetFullPath(Out).TrimEnd(Path.DirectorySeparatorChar));
        if (parent is not null && !Directory.Exists(Out))
        {
            OutputFolder.Check(OutOption.Name, Out, parent);
        }
    }

    private static int Multiple(ParseResult arguments)
    {
        var value = arguments.Whole(ResolutionOption, 512, 64, 4096);
        return value % 64 == 0
            ? value
            : throw UsageException.Of(ResolutionOption.Name, $"{value}", "must be a multiple of 64 from 64 to 4096.");
    }

    private static T Choice<T>(ParseResult arguments, Option<string?> option, params (string Name, T Value)[] choices)
    {
        var name = arguments.GetValue(option) ?? choices[0].Name;
        foreach (var choice in choices)
        {
            if (choice.Name == name)
            {
                return choice.Value;
            }
        }

        throw UsageException.Of(
            option.Name,
            name,
            $"must be {string.Join(", ", choices.Select(choice => choice.Name))}."
        );
    }
}
