using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Training.Datasets;

namespace ControlNetSharp.Cli;

/// <summary><c>controlnet dataset</c>: checks a dataset before it is trained on, or makes one from scenes.</summary>
internal static class DatasetCommand
{
    private static readonly Argument<string> Folder = new("folder") { Description = "The folder of the dataset." };
    private static readonly Option<string?> Resolution = new("--resolution")
    {
        Description =
            "Resolution of the training, a multiple of 64 from 64 to 4096; default: that of the model, as train has "
            + "it.",
    };
    private static readonly Option<string?> Model = new("--model", "-m")
    {
        Description =
            "The model that is to be trained on: pocket (embedded, the default) or a .safetensors checkpoint.",
    };
    private const string All = "all";

    private static readonly Option<string> Condition = new("--condition")
    {
        Description =
            $"What the hints show: {string.Join(", ", DatasetMaker.Conditions)}; several with commas between, which "
            + $"the examples have in turn, or {All} for all condition kinds.",
        Required = true,
    };
    private static readonly Option<bool> Varied = new("--varied")
    {
        Description =
            "Hints vary as those that people bring do: by annotators as well as exact, thicker, with gaps, shifted, "
            + "noisy.",
    };
    private static readonly Option<string?> Scenes = new("--scenes")
    {
        Description = "Number of examples, 1 to 1000000.",
        Required = true,
    };
    private static readonly Option<string?> Size = new("--size")
    {
        Description = "Pixels a side, a multiple of 64 from 64 to 2048; default 256.",
    };
    private static readonly Option<string?> Seed = new("--seed")
    {
        Description = "Seed of the first scene; default 2000000.",
    };

    public static Command Create() =>
        new("dataset", "Checks or makes datasets for training.")
        {
            new Command("check", "Reads a whole dataset and says what would spoil a training.")
            {
                Folder,
                Resolution,
                Model,
            },
            new Command("make", "Makes a dataset from scenes, in the layout of the original's tutorial.")
            {
                Folder,
                Condition,
                Scenes,
                Size,
                Seed,
                Varied,
            },
        };

    public static void Check(
        ParseResult arguments,
        CommandOutput output,
        bool json,
        CancellationToken cancellationToken
    )
    {
        var (folder, clock) = (arguments.GetValue(Folder)!, Stopwatch.StartNew());
        var resolution = arguments.GetValue(Resolution) is null
            ? CheckpointLoader
                .ReadModelShape(ModelFiles.FindModel(arguments.GetValue(Model) ?? ModelFiles.Pocket))
                .NativeSize
            : Multiple(arguments, Resolution, 512, 4096);
        DatasetReport report;
        using (var bar = new ProgressBar(output, "reading", "an example"))
        {
            report = DatasetCheck.Run(
                folder,
                resolution,
                (done, total) => bar.Show(done, total, clock.Elapsed.TotalSeconds),
                cancellationToken
            );
        }

        if (json)
        {
            var layout = JsonNamingPolicy.CamelCase.ConvertName(report.Layout.ToString());
            output.WriteJson(
                new
                {
                    report.Folder,
                    layout,
                    report.Resolution,
                    report.Examples,
                    report.CanTrain,
                    report.Sizes,
                    report.Buckets,
                    report.Findings,
                }
            );
        }
        else
        {
            DatasetTable.Write(output.Result, report);
        }

        if (!report.CanTrain)
        {
            var reasons = report
                .Findings.Where(finding => finding.PreventsTraining)
                .Select(finding => $"{finding.Count} {finding.Code}");
            throw new ReportedException($"{folder} cannot be trained on: {string.Join(", ", reasons)}.");
        }
    }

    public static void Make(ParseResult arguments, CommandOutput output, bool json, CancellationToken cancellationToken)
    {
        var (folder, clock) = (arguments.GetValue(Folder)!, Stopwatch.StartNew());
        var options = new DatasetMakeOptions
        {
            Conditions = ConditionsOf(arguments),
            Varies = arguments.GetValue(Varied),
            Scenes = arguments.Whole(Scenes, 1, 1, 1_000_000),
            Size = Multiple(arguments, Size, 256, 2048),
            FirstSeed = arguments.Whole(Seed, 2_000_000, 0, 2_000_000_000),
        };
        CheckSeeds(options);
        using (var bar = new ProgressBar(output, "making", "an example"))
        {
            DatasetMaker.Make(
                folder,
                options,
                done => bar.Show(done, options.Scenes, clock.Elapsed.TotalSeconds),
                cancellationToken
            );
        }

        if (json)
        {
            output.WriteJson(
                new
                {
                    folder,
                    condition = string.Join(',', options.Conditions),
                    varied = options.Varies,
                    examples = options.Scenes,
                    size = options.Size,
                    firstSeed = options.FirstSeed,
                    seconds = clock.Elapsed.TotalSeconds,
                }
            );
        }
        else
        {
            output.Result.WriteLine(folder);
        }
    }

    private static IReadOnlyList<string> ConditionsOf(ParseResult arguments)
    {
        var text = arguments.GetValue(Condition)!;
        return text == All
            ? [.. DatasetMaker.Conditions.Where(condition => condition != FillScene.Condition)]
            :
            [
                .. text.Split(',', StringSplitOptions.TrimEntries)
                    .Select(name =>
                        DatasetMaker.Find(name)
                        ?? throw UsageException.Of(
                            Condition.Name,
                            name,
                            $"no dataset can be made for it; must be {string.Join(", ", DatasetMaker.Conditions)} or "
                                + $"{All}."
                        )
                    ),
            ];
    }

    private static int Multiple(ParseResult arguments, Option<string?> option, int otherwise, int most)
    {
        var value = arguments.Whole(option, otherwise, 64, most);
        return value % 64 == 0
            ? value
            : throw UsageException.Of(option.Name, $"{value}", $"must be a multiple of 64 from 64 to {most}.");
    }

    private static void CheckSeeds(DatasetMakeOptions options)
    {
        if (options.UsesReservedSeeds)
        {
            throw UsageException.Of(
                Seed.Name,
                $"{options.FirstSeed}",
                $"the scenes would have seeds from {options.FirstSeed} to {options.FirstSeed + options.Scenes - 1}; "
                    + $"those from {DatasetMakeOptions.FirstReservedSeed} to {DatasetMakeOptions.LastReservedSeed} "
                    + "belong to validation and evaluation."
            );
        }
    }
}
