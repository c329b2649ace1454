using System.CommandLine;
using System.Diagnostics;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Measuring;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Cli;

/// <summary>
/// <c>controlnet bench</c>: how fast this machine is, with random weights at a family's exact shapes, measured against
/// its matmul peak.
/// </summary>
internal static class BenchCommand
{
    private static readonly Option<string?> Model = new("--model", "-m")
    {
        Description =
            "The checkpoint to load; without it one of the family is written with random weights, loaded and deleted.",
    };

    private static readonly Option<bool> Tiny = new("--tiny") { Description = "TAESD's decoder." };

    public static Command Create()
    {
        var decode = new Command("decode", "Seconds for decoding a picture.")
        {
            BenchOptions.Family,
            BenchOptions.Size,
            BenchOptions.Batch,
            Tiny,
        };
        var load = new Command("load", "Seconds for loading a checkpoint.") { Model, BenchOptions.Family };
        return new Command("bench", "Measures this machine.")
        {
            BenchGenerateCommand.Create(),
            BenchScaleCommand.Create(),
            ComputeSettings.AddedTo(decode),
            ComputeSettings.AddedTo(load),
            BenchTrainCommand.Create(),
            BenchAnnotateCommand.Create(),
            BenchServeCommand.Create(),
        };
    }

    public static void Decode(
        ParseResult arguments,
        CommandOutput output,
        bool json,
        CancellationToken cancellationToken
    )
    {
        // All families have the same Autoencoder.
        var (family, _) = BenchOptions.ReadFamily(arguments);
        var size = BenchOptions.ReadSize(arguments);
        var batch = arguments.Whole(BenchOptions.Batch, 1, 1, 64);
        var placement = ComputeSettings.Read(arguments).Place();
        using var scope = NewDisposeScope();
        using var withoutGradients = no_grad();
        var tiny = arguments.GetValue(Tiny);
        var p = tiny ? AutoencoderParams.Tiny(4, hasEncoder: false) : AutoencoderParams.StableDiffusion;
        var autoencoder = BenchOptions.Randomised(Autoencoder.Of(p, placement));
        var z = randn([batch, 4, size / 8, size / 8], placement.Dtype, placement.Device);
        var seconds = new List<double>();
        for (var attempt = 0; attempt < 3; attempt++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var clock = Stopwatch.StartNew();
            using (NewDisposeScope())
            {
                autoencoder.Decode(z).sum().to(ScalarType.Float32).item<float>();
            }

            seconds.Add(clock.Elapsed.TotalSeconds);
        }

        var report = new
        {
            family,
            width = size,
            height = size,
            batch,
            tiny,
            dtype = placement.Dtype.ToString(),
            secondsPerImage = seconds.Skip(1).Average() / batch,
            peakMemoryBytes = MachineMemory.PeakBytes,
        };
        output.Report(
            json,
            report,
            $"{(tiny ? "TAESD" : $"Autoencoder of {family}")}, {size} x {size}, {report.dtype}: "
                + $"{report.secondsPerImage:f2} s a picture, "
                + $"{report.peakMemoryBytes / 1e9:f2} GB"
        );
    }

    public static void Load(ParseResult arguments, CommandOutput output, bool json)
    {
        var named = arguments.GetValue(Model) is { } model ? ModelFiles.FindModel(model) : null;
        if (named is not null && arguments.GetValue(BenchOptions.Family) is { } both)
        {
            throw UsageException.Of(
                BenchOptions.Family.Name,
                both,
                "must not be given with --model, whose family is its own."
            );
        }

        var family = named is null ? BenchOptions.ReadFamily(arguments) : default;
        var placement = ComputeSettings.Read(arguments).Place();
        var path = named ?? Path.Combine(Path.GetTempPath(), $"controlnet-bench-{Environment.ProcessId}.safetensors");
        try
        {
            if (named is null)
            {
                RandomCheckpoint.Write(path, family.UNet, placement.Dtype);
            }

            var bytes = Directory.Exists(path)
                ? Directory
                    .GetFiles(path, "*.safetensors", SearchOption.AllDirectories)
                    .Sum(f => new FileInfo(f).Length)
                : new FileInfo(path).Length;
            var clock = Stopwatch.StartNew();
            using var loaded = CheckpointLoader.LoadModel(path, placement);
            var seconds = clock.Elapsed.TotalSeconds;
            var report = new
            {
                seconds,
                fileBytes = bytes,
                gigabytesPerSecond = bytes / seconds / 1e9,
                peakMemoryBytes = MachineMemory.PeakBytes,
            };
            output.Report(
                json,
                report,
                $"{named ?? family.Name}, {placement.Dtype}: {bytes / 1e9:f2} GB in {seconds:f2} s, "
                    + $"{report.gigabytesPerSecond:f2} GB/s, {report.peakMemoryBytes / 1e9:f2} GB of memory at most "
                    + $"({(double)report.peakMemoryBytes / bytes:f2} times the file)"
            );
        }
        finally
        {
            if (named is null)
            {
                File.Delete(path);
            }
        }
    }
}
