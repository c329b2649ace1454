using System.CommandLine;

namespace ControlNetSharp.Cli;

/// <summary>
/// The command line as a whole: parse, run, and turn every failure into one message and an exit code.
/// </summary>
internal static class ControlNetCli
{
    private static readonly Option<bool> Json = new("--json")
    {
        Description = "Writes one JSON object to standard output.",
        Recursive = true,
    };
    private static readonly Option<bool> Verbose = new("--verbose")
    {
        Description = "Shows where an unexpected failure happened.",
        Recursive = true,
    };

    /// <summary>Runs one command line.</summary>
    /// <returns>The exit code: <see cref="Failure"/>.</returns>
    public static async Task<int> RunAsync(
        string[] args,
        CommandOutput output,
        CancellationToken cancellationToken = default
    )
    {
        var (arguments, actions) = Parse(args, output);
        var (json, verbose) = (args.Contains("--json"), args.Contains("--verbose"));
        try
        {
            if (arguments.Errors.Count > 0)
            {
                throw new UsageException(
                    arguments.UnmatchedTokens is [var first, ..] ? first : arguments.CommandResult.Command.Name,
                    string.Join(" ", arguments.Errors.Select(e => e.Message))
                );
            }

            var command = arguments.CommandResult.Command;
            if (!actions.TryGetValue(command, out var action) || arguments.Action is not null)
            {
                // Help, version, or a group of commands without one of them.
                return
                    await arguments
                        .InvokeAsync(
                            new InvocationConfiguration { Output = output.Result, Error = output.Message },
                            cancellationToken
                        )
                        .ConfigureAwait(false) == 0
                    ? 0
                    : Failure.WrongInput;
            }

            // Work is synchronous on a thread of its own; this one stays free for Ctrl-C.
            await Task
                .Factory.StartNew(
                    () => action(arguments, json, cancellationToken),
                    CancellationToken.None,
                    TaskCreationOptions.LongRunning,
                    TaskScheduler.Default
                )
                .Unwrap()
                .ConfigureAwait(false);
            return 0;
        }
        catch (Exception e)
        {
            var failure = Failure.Of(e);
            if (json && e is not ReportedException)
            {
                output.Result.WriteLine(failure.ToJson());
            }

            output.Message.WriteLine($"controlnet: {failure.Message}");
            if (verbose)
            {
                output.Message.WriteLine(e);
            }

            return failure.ExitCode;
        }
    }

    /// <summary>Reads one command line, and says what its commands will do.</summary>
    internal static (
        ParseResult Arguments,
        Dictionary<Command, Func<ParseResult, bool, CancellationToken, Task>> Actions
    ) Parse(string[] args, CommandOutput output)
    {
        var (root, actions) = Commands(args, output);
        // A unit is written @unit.json, so an argument that begins with @ is no response file.
        return (root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null }), actions);
    }

    private static (
        RootCommand Root,
        Dictionary<Command, Func<ParseResult, bool, CancellationToken, Task>> Actions
    ) Commands(string[] args, CommandOutput output)
    {
        var (generate, annotate, upscale, models, bench) = (
            GenerateCommand.Create(),
            AnnotateCommand.Create(),
            UpscaleCommand.Create(),
            ModelsCommand.Create(),
            BenchCommand.Create()
        );
        var (train, evaluate, dataset) = (TrainCommand.Create(), EvaluateCommand.Create(), DatasetCommand.Create());
        var (serve, work, studio) = (ServeCommand.Create(), WorkCommand.Create(), StudioCommand.Create());
        var doctor = new Command("doctor", "Says what this machine can do.");
        Command Sub(Command group, string name) => group.Subcommands.First(command => command.Name == name);
        var actions = new Dictionary<Command, Func<ParseResult, bool, CancellationToken, Task>>
        {
            [generate] = (a, json, stop) => GenerateCommand.RunAsync(a, output, json, stop),
            [annotate] = (a, json, stop) => AnnotateCommand.RunAsync(a, output, json, stop),
            [upscale] = (a, json, stop) => UpscaleCommand.RunAsync(a, output, json, stop),
            [train] = (a, json, stop) => Done(() => TrainCommand.Run(a, output, json, stop)),
            [evaluate] = (a, json, stop) => Done(() => EvaluateCommand.Run(a, output, json, stop)),
            [Sub(dataset, "check")] = (a, json, stop) => Done(() => DatasetCommand.Check(a, output, json, stop)),
            [Sub(dataset, "make")] = (a, json, stop) => Done(() => DatasetCommand.Make(a, output, json, stop)),
            [Sub(models, "inspect")] = (a, json, _) => Done(() => ModelsCommand.Inspect(a, output, json)),
            [Sub(models, "list")] = (a, json, stop) => Done(() => ModelsCommand.List(a, output, json, stop)),
            [Sub(models, "pull")] = (a, json, stop) => Done(() => PullCommand.Run(a, output, json, stop)),
            [Sub(models, "convert")] = (a, json, _) => Done(() => ModelsCommand.Convert(a, output, json)),
            [Sub(bench, "generate")] = (a, json, stop) => Done(() => BenchGenerateCommand.Run(a, output, json, stop)),
            [Sub(bench, "scale")] = (a, json, stop) => Done(() => BenchScaleCommand.Run(a, output, json, stop)),
            [Sub(bench, "decode")] = (a, json, stop) => Done(() => BenchCommand.Decode(a, output, json, stop)),
            [Sub(bench, "train")] = (a, json, stop) => Done(() => BenchTrainCommand.Run(a, args, output, json, stop)),
            [Sub(bench, "annotate")] = (a, json, stop) => Done(() => BenchAnnotateCommand.Run(a, output, json, stop)),
            [Sub(bench, "serve")] = (a, json, stop) => BenchServeCommand.RunAsync(a, output, json, stop),
            [Sub(bench, "load")] = (a, json, _) => Done(() => BenchCommand.Load(a, output, json)),
            [serve] = (a, json, stop) => ServeCommand.RunAsync(a, output, json, stop),
            [work] = (a, json, stop) => WorkCommand.RunAsync(a, output, json, stop),
            [studio] = (a, json, stop) => StudioCommand.RunAsync(a, output, json, stop),
            [doctor] = (_, json, _) => Done(() => DoctorCommand.Run(output, json)),
        };
        return (
            new RootCommand("ControlNet for Stable Diffusion.")
            {
                generate,
                annotate,
                upscale,
                train,
                dataset,
                evaluate,
                models,
                bench,
                serve,
                work,
                studio,
                doctor,
                Json,
                Verbose,
            },
            actions
        );
    }

    private static Task Done(Action work)
    {
        work();
        return Task.CompletedTask;
    }
}
