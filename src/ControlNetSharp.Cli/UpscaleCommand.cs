using System.CommandLine;
using System.Diagnostics;
using ControlNetSharp.Engine;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Cli;

/// <summary><c>controlnet upscale</c>: a picture, larger, without a diffusion model.</summary>
internal static class UpscaleCommand
{
    private const int BarSteps = 1000;

    private static readonly Argument<string> Input = new("picture") { Description = "The picture." };
    private static readonly Option<string?> Model = new("--model", "-m", "--upscaler")
    {
        Description =
            "What enlarges it: an upscaler's file (ESRGAN, Real-ESRGAN, compact) by path, name in --models or hash; or "
            + "lanczos (default), bicubic, nearest.",
    };
    private static readonly Option<string?> Scale = new("--scale")
    {
        Description = $"How many times larger, {Range(nameof(UpscaleRequest.Scale))}; default: the file's own, else 2.",
    };
    private static readonly Option<string?> Tile = new("--tile")
    {
        Description =
            $"Side of the tiles that a network sees, {Range(nameof(UpscaleRequest.Tile))} pixels of the picture; "
            + "default 192.",
    };
    private static readonly Option<string?> Overlap = new("--overlap")
    {
        Description = "By how many pixels tiles overlap, 0 to half a tile; default 32.",
    };
    private static readonly Option<string?> Out = new("--out", "-o")
    {
        Description = "The large picture (.png); default: NAME-SCALEx.png in the present folder.",
    };
    private static readonly Option<string?> Models = new("--models")
    {
        Description = "Folder in which upscalers are searched.",
    };

    private static readonly Dictionary<string, string> Members = new(StringComparer.Ordinal)
    {
        ["picture"] = "picture",
        ["upscaler"] = Model.Name,
        ["scale"] = Scale.Name,
        ["tile"] = Tile.Name,
        ["overlap"] = Overlap.Name,
    };

    public static Command Create()
    {
        var command = new Command("upscale", "Makes a picture larger.")
        {
            Input,
            Model,
            Scale,
            Out,
            Models,
            Tile,
            Overlap,
            OutputPlace.Overwrite,
        };
        foreach (var option in ComputeSettings.Options.Take(1))
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
        var input = arguments.GetValue(Input)!;
        var request = RequestErrors.Named(Members, () => Read(arguments, input));
        PictureFiles.Existing("picture", input, input);
        var (file, overwrites) = (arguments.GetValue(Out), arguments.GetValue(OutputPlace.Overwrite));
        if (file is not null)
        {
            CheckOutput(file, overwrites);
        }

        var models = arguments.GetValue(Models);
        if (models is not null && !Directory.Exists(models))
        {
            throw UsageException.Of(Models.Name, models, "there is no such folder.");
        }

        await using var engine = new ControlNetEngine(ComputeSettings.Read(arguments).ToEngine(models));
        UpscaledPicture made;
        using (var bar = new ProgressBar(output, each: "for a thousandth"))
        {
            var shown = new Shown(bar);
            made = await RequestErrors
                .Named(Members, () => engine.UpscaleAsync(request, shown, cancellationToken))
                .ConfigureAwait(false);
        }

        file ??= FreeName(input, made.Scale);
        WholeFile.Write(file, stream => stream.Write(made.EncodePng()), overwrites);
        output.Report(
            json,
            new
            {
                file,
                upscaler = made.Upscaler,
                scale = made.Scale,
                width = made.Picture.Width,
                height = made.Picture.Height,
                alpha = made.Alpha is not null,
                seconds = made.Seconds,
                peakMemoryBytes = MachineMemory.PeakBytes,
            },
            file
        );
    }

    private static UpscaleRequest Read(ParseResult arguments, string input)
    {
        var request = new UpscaleRequest { Picture = input };
        int Whole(Option<string?> option, string property, string member, int otherwise) =>
            arguments.GetValue(option) is { } text
                ? RequestValues.Integer<UpscaleRequest>(property, member, text)
                : otherwise;
        request = request with
        {
            Upscaler = arguments.GetValue(Model) ?? request.Upscaler,
            Scale = arguments.GetValue(Scale) is { } scale
                ? RequestValues.Real<UpscaleRequest>(nameof(request.Scale), "scale", scale)
                : null,
            Tile = Whole(Tile, nameof(request.Tile), "tile", request.Tile),
            Overlap = Whole(Overlap, nameof(request.Overlap), "overlap", request.Overlap),
        };
        request.Check();
        return request;
    }

    private static void CheckOutput(string file, bool overwrites)
    {
        if (!file.EndsWith(".png", StringComparison.OrdinalIgnoreCase))
        {
            throw UsageException.Of(Out.Name, file, "must be a file ending in .png in a folder that exists.");
        }

        OutputPlace.Check(Out.Name, file, Path.GetDirectoryName(Path.GetFullPath(file))!);
        OutputPlace.CheckFree(Out.Name, file, [file], overwrites);
    }

    /// <summary>A name that no file has, in the present folder.</summary>
    private static string FreeName(string input, double scale)
    {
        var stem = $"{Path.GetFileNameWithoutExtension(input)}-{RequestRules.Text(scale)}x";
        return Enumerable
            .Range(1, int.MaxValue)
            .Select(number => number == 1 ? $"{stem}.png" : $"{stem}-{RequestRules.Text(number)}.png")
            .First(name => !File.Exists(name));
    }

    private static string Range(string property) => MemberRanges.Of(typeof(UpscaleRequest).GetProperty(property)!)!;

    /// <summary>Progress on the bar at once, on the thread that computes.</summary>
    private sealed class Shown(ProgressBar bar) : IProgress<double>
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();

        public void Report(double value) =>
            bar.Show(Math.Max(1, (int)(BarSteps * value)), BarSteps, _clock.Elapsed.TotalSeconds);
    }
}
