using System.CommandLine;

namespace ControlNetSharp.Cli;

/// <summary>The command line as a whole: parse, run, and turn every failure into one message and an exit code.</summary>
internal static class ControlNetCli
{
    private static readonly Option<bool> Json = new("--json") { Description = "Writes one JSON object to standard output.", Recursive = true };
    private static readonly Option<bool> Verbose = new("--verbose") { Description = "Shows where an unexpected failure happened.", Recursive = true };

    /// <summary>Runs one command line.</summary>
    /// <returns>The exit code: <see cref="Failure"/>.</returns>
    public static async Task<int> RunAsync(string[] args, CommandOutput output, CancellationToken cancellationToken = default)
    {
        var (root, actions) = Commands(args, output);
        // A unit is written @unit.json, so an argument that begins with @ is no response file.
        var arguments = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var (json, verbose) = (args.Contains("--json"), args.Contains("--verbose"));
        try
        {
            if (arguments.Errors.Count > 0)
            {
                throw new UsageException(arguments.UnmatchedTokens is [var first, ..] ? first : arguments.CommandResult.Command.Name, string.Join(" ", arguments.Errors.Select(e => e.Message)));
            }

            var command = arguments.CommandResult.Command;
            if (!actions.TryGetValue(command, out var action) || arguments.Action is not null)
            {
                // Help, version, or a group of commands without one of them.
                return await arguments.InvokeAsync(new InvocationConfiguration { Output = output.Result, Error = output.Message }, cancellationToken).ConfigureAwait(false) == 0 ? 0 : Failure.WrongInput;
            }

            // Tensor code is synchronous on a thread of its own; this one stays free for Ctrl-C.
            await Task.Factory.StartNew(() => action(arguments, json, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
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

    private static (RootCommand Root, Dictionary<Command, Action<ParseResult, bool, CancellationToken>> Actions) Commands(string[] args, CommandOutput output)
    {
        var (generate, annotate, models, bench) = (GenerateCommand.Create(), AnnotateCommand.Create(), ModelsCommand.Create(), BenchCommand.Create());
        var (train, evaluate, dataset) = (TrainCommand.Create(), EvaluateCommand.Create(), DatasetCommand.Create());
        var doctor = new Command("doctor", "Says what this machine can do.");
        Command Sub(Command group, string name) => group.Subcommands.First(command => command.Name == name);
        var actions = new Dictionary<Command, Action<ParseResult, bool, CancellationToken>>
        {
            [generate] = (a, json, stop) => GenerateCommand.Run(a, output, json, stop),
            [annotate] = (a, json, stop) => AnnotateCommand.Run(a, output, json, stop),
            [train] = (a, json, stop) => TrainCommand.Run(a, output, json, stop),
            [evaluate] = (a, json, stop) => EvaluateCommand.Run(a, output, json, stop),
            [Sub(dataset, "check")] = (a, json, stop) => DatasetCommand.Check(a, output, json, stop),
            [Sub(dataset, "make")] = (a, json, stop) => DatasetCommand.Make(a, output, json, stop),
            [Sub(models, "inspect")] = (a, json, _) => ModelsCommand.Inspect(a, output, json),
            [Sub(models, "list")] = (a, json, stop) => ModelsCommand.List(a, output, json, stop),
            [Sub(models, "pull")] = (a, json, stop) => PullCommand.Run(a, output, json, stop),
            [Sub(models, "convert")] = (a, json, _) => ModelsCommand.Convert(a, output, json),
            [Sub(bench, "generate")] = (a, json, stop) => BenchCommand.Generate(a, output, json, stop),
            [Sub(bench, "decode")] = (a, json, stop) => BenchCommand.Decode(a, output, json, stop),
            [Sub(bench, "train")] = (a, json, stop) => BenchTrainCommand.Run(a, args, output, json, stop),
            [Sub(bench, "annotate")] = (a, json, stop) => BenchAnnotateCommand.Run(a, output, json, stop),
            [Sub(bench, "load")] = (a, json, _) => BenchCommand.Load(a, output, json),
            [doctor] = (_, json, _) => DoctorCommand.Run(output, json),
        };
        return (new RootCommand("ControlNet for Stable Diffusion.") { generate, annotate, train, dataset, evaluate, models, bench, doctor, Json, Verbose }, actions);
    }
}
