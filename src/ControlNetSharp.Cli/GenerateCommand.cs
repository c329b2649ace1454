using System.CommandLine;
using System.CommandLine.Parsing;
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Cli;

/// <summary><c>controlnet generate</c>: options to a request, the engine's pictures to files.</summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        var command = new Command("generate", "Makes pictures from a prompt, a picture to start from, and hints.");
        foreach (var option in GenerateOptions.All.Concat(ComputeSettings.Options))
        {
            command.Add(option);
        }

        return command;
    }

    public static async Task RunAsync(
        ParseResult arguments,
        CommandOutput output,
        bool json,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var settings = GenerateSettings.Read(arguments, output);
            if (settings.PrintsRequest)
            {
                output.Result.WriteLine(
                    RequestJson.Write(RequestPaths.From(settings.Request, Directory.GetCurrentDirectory()))
                );
                return;
            }

            await MakeAsync(
                    settings,
                    ComputeSettings.Read(arguments, settings.Replay?.Manifest.Resolved),
                    output,
                    json,
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
        catch (RequestException e) when (MemberOptions.Of(e, IsGiven) is not null)
        {
            throw MemberOptions.Of(e, IsGiven)!;
        }

        bool IsGiven(string option) => arguments.GetResult(option) is OptionResult { Implicit: false };
    }

    private static async Task MakeAsync(
        GenerateSettings settings,
        ComputeSettings compute,
        CommandOutput output,
        bool json,
        CancellationToken cancellationToken
    )
    {
        // Names are looked at before the work begins, and not when it is done.
        var results = new ResultFiles(settings);
        var (written, maps, hints) = (new List<string>(), new List<string>(), (IReadOnlyList<Picture>)[]);
        GenerationSummary summary;
        try
        {
            using var bar = new ProgressBar(output);
            var feedback = new RunFeedback(
                warning => output.Message.WriteLine($"controlnet: {Told(warning)}"),
                new Shown(bar),
                PreviewEvery: 0
            )
            {
                Hints = made => hints = made,
            };
            await using var engine = new ControlNetEngine(compute.ToEngine(settings.ModelsFolder));
            summary = await engine
                .RunAsync(settings.Request, settings.Replay, Write, feedback, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (written.Count > 0)
        {
            throw new InterruptedException(
                $"{written.Count} of {Counts.Of(settings.Pictures, "picture")} were written.",
                e
            );
        }
        catch when (written.Count > 0)
        {
            output.Message.WriteLine(
                $"controlnet: {written.Count} of {Counts.Of(settings.Pictures, "picture")} were written before the "
                    + "failure."
            );
            throw;
        }

        Report(summary, written, maps, output, json);

        void Write(GeneratedPicture picture)
        {
            written.Add(results.WritePicture(picture, written.Count));
            if (settings.WritesMaps)
            {
                maps.AddRange(results.WriteMaps(hints, written.Count - 1));
            }
        }
    }

    private static void Report(
        GenerationSummary summary,
        List<string> files,
        List<string> maps,
        CommandOutput output,
        bool json
    )
    {
        if (json)
        {
            output.WriteJson(
                new
                {
                    files,
                    maps,
                    seed = summary.Seed,
                    secondsPerStep = summary.SecondsPerStep,
                    totalSeconds = summary.TotalSeconds,
                    peakMemoryBytes = MachineMemory.PeakBytes,
                }
            );
            return;
        }

        output.Message.WriteLine(
            $"Seed {summary.Seed}, {Counts.Of(summary.Steps, "step")}, {summary.SecondsPerStep:f2} s a step, "
                + $"{summary.TotalSeconds:f1} s in all."
        );
        foreach (var file in files.Concat(maps))
        {
            output.Result.WriteLine(file);
        }
    }

    private static string Told(RequestWarning warning) =>
        (warning.Value ?? MemberOptions.NameOf(warning.Member)) is { } about
            ? $"{about}: {warning.Text}"
            : warning.Text;

    /// <summary>Progress on the bar at once, on the thread that computes.</summary>
    private sealed class Shown(ProgressBar bar) : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value) => bar.Show(value.Step, value.Steps, value.Seconds);
    }
}
