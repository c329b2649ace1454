using System.CommandLine;
using ControlNetSharp.Requests;
using ControlNetSharp.Training;

namespace ControlNetSharp.Cli;

/// <summary>The options of <c>controlnet train</c> as a request.</summary>
internal static class TrainFlags
{
    /// <summary>Reads the options; what is not given has the request's default.</summary>
    /// <exception cref="RequestException">A number is none.</exception>
    /// <exception cref="UsageException">A word is not one of the choices, or a file is not there.</exception>
    public static TrainingRequest Read(ParseResult arguments)
    {
        var usual = new TrainingRequest
        {
            Data = arguments.GetValue(TrainOptions.Data)!,
            Conditions =
            [
                .. arguments
                    .GetValue(TrainOptions.Condition)!
                    .SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries)),
            ],
            Out = arguments.GetValue(TrainOptions.Out)!,
        };
        int? Whole(Option<string?> option, string property) =>
            arguments.GetValue(option) is { } text
                ? RequestValues.Integer<TrainingRequest>(property, MemberOf(property), text)
                : null;
        double? Real(Option<string?> option, string property) =>
            arguments.GetValue(option) is { } text
                ? RequestValues.Real<TrainingRequest>(property, MemberOf(property), text)
                : null;
        return usual with
        {
            Model = arguments.GetValue(TrainOptions.Model) ?? usual.Model,
            Resume = arguments.GetValue(TrainOptions.Resume),
            Overwrite = arguments.GetValue(OutputPlace.Overwrite),
            Target = Choice(
                arguments,
                TrainOptions.Target,
                ("controlnet", TrainingTarget.ControlNet),
                ("controlnet_and_decoder", TrainingTarget.ControlNetAndDecoder),
                ("control_lora", TrainingTarget.ControlLora),
                ("unet", TrainingTarget.UNet),
                ("lcm", TrainingTarget.Lcm),
                ("progressive", TrainingTarget.Progressive)
            ),
            Rank = Whole(TrainOptions.Rank, nameof(usual.Rank)),
            Start = ReadStart(arguments),
            GuidanceScale = Real(TrainOptions.Guidance, nameof(usual.GuidanceScale)),
            TeacherSteps = Whole(TrainOptions.TeacherSteps, nameof(usual.TeacherSteps)),
            StudentSteps = Whole(TrainOptions.StudentSteps, nameof(usual.StudentSteps)),
            ControlledShare = Real(TrainOptions.Controlled, nameof(usual.ControlledShare)) ?? usual.ControlledShare,
            Reward = Real(TrainOptions.Reward, nameof(usual.Reward)),
            RewardTimestep = Whole(TrainOptions.RewardTimestep, nameof(usual.RewardTimestep)),
            Resolution = Whole(TrainOptions.Resolution, nameof(usual.Resolution)),
            BatchSize = Whole(TrainOptions.Batch, nameof(usual.BatchSize)) ?? usual.BatchSize,
            Accumulation = Whole(TrainOptions.Accumulation, nameof(usual.Accumulation)) ?? usual.Accumulation,
            Steps = Whole(TrainOptions.Steps, nameof(usual.Steps)),
            LearningRate = Real(TrainOptions.Rate, nameof(usual.LearningRate)),
            LearningRateShape = Choice(
                arguments,
                TrainOptions.Schedule,
                ("constant", LearningRateShape.Constant),
                ("linear", LearningRateShape.Linear),
                ("cosine", LearningRateShape.Cosine),
                ("plateau", LearningRateShape.Plateau)
            ),
            WarmUpSteps = Whole(TrainOptions.WarmUp, nameof(usual.WarmUpSteps)) ?? usual.WarmUpSteps,
            Optimizer = Choice(
                arguments,
                TrainOptions.Optimizer,
                ("adamw", TrainingOptimizer.AdamW),
                ("muon", TrainingOptimizer.Muon)
            ),
            Beta1 = Real(TrainOptions.Beta1, nameof(usual.Beta1)) ?? usual.Beta1,
            Beta2 = Real(TrainOptions.Beta2, nameof(usual.Beta2)) ?? usual.Beta2,
            Epsilon = Real(TrainOptions.Epsilon, nameof(usual.Epsilon)) ?? usual.Epsilon,
            WeightDecay = Real(TrainOptions.Decay, nameof(usual.WeightDecay)) ?? usual.WeightDecay,
            EightBitState = arguments.GetValue(TrainOptions.EightBit),
            Checkpointing = arguments.GetValue(TrainOptions.Checkpointing),
            LargestGradientNorm =
                Real(TrainOptions.Norm, nameof(usual.LargestGradientNorm)) ?? usual.LargestGradientNorm,
            EmptyPrompts = Real(TrainOptions.Empty, nameof(usual.EmptyPrompts)),
            SnrGamma = Real(TrainOptions.Snr, nameof(usual.SnrGamma)),
            NoiseOffset = Real(TrainOptions.Offset, nameof(usual.NoiseOffset)) ?? usual.NoiseOffset,
            AverageDecay = Real(TrainOptions.Average, nameof(usual.AverageDecay)),
            ValidateEvery = Whole(TrainOptions.Validate, nameof(usual.ValidateEvery)) ?? usual.ValidateEvery,
            Samples = Whole(TrainOptions.Samples, nameof(usual.Samples)) ?? usual.Samples,
            SaveEvery = Whole(TrainOptions.Save, nameof(usual.SaveEvery)) ?? usual.SaveEvery,
            KeepCheckpoints = Whole(TrainOptions.Keep, nameof(usual.KeepCheckpoints)) ?? usual.KeepCheckpoints,
            Seed = Whole(TrainOptions.Seed, nameof(usual.Seed)) ?? usual.Seed,
            Cache = arguments.GetValue(TrainOptions.Cache),
            SaveDtype = Choice(
                arguments,
                TrainOptions.SaveDtype,
                ("fp16", SavedDtype.Fp16),
                ("bf16", SavedDtype.Bf16),
                ("fp32", SavedDtype.Fp32)
            ),
        };
    }

    private static string MemberOf(string property) =>
        MemberRanges.JsonName(typeof(TrainingRequest).GetProperty(property)!);

    private static string? ReadStart(ParseResult arguments) =>
        arguments.GetValue(TrainOptions.Start) is not { } start || File.Exists(start)
            ? arguments.GetValue(TrainOptions.Start)
            : throw UsageException.Of(TrainOptions.Start.Name, start, "there is no such file.");

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
