using System.CommandLine;
using ControlNetSharp.Networks;
using static TorchSharp.torch;

namespace ControlNetSharp.Cli;

/// <summary>What the benches share: options and random networks.</summary>
internal static class BenchOptions
{
    public static Option<string?> Family { get; } = new("--family") { Description = "sd15 (default), sd21 or sdxl." };

    public static Option<string?> Size { get; } =
        new("--size") { Description = "Width and height in pixels, a multiple of 64; default 512." };

    public static Option<string?> Batch { get; } =
        new("--batch") { Description = "Pictures computed together; default 1." };

    public static (string Name, UNetParams UNet) ReadFamily(ParseResult arguments) =>
        (arguments.GetValue(Family) ?? "sd15") switch
        {
            "sd15" => ("sd15", UNetParams.Sd15),
            "sd21" => ("sd21", UNetParams.Sd21),
            "sdxl" => ("sdxl", UNetParams.Sdxl),
            var other => throw UsageException.Of(Family.Name, other, "must be sd15, sd21 or sdxl."),
        };

    public static int ReadSize(ParseResult arguments)
    {
        var size = arguments.Whole(Size, 512, 64, 2048);
        return size % 64 == 0 ? size : throw UsageException.Of(Size.Name, size.ToString(), "must be a multiple of 64.");
    }

    public static T Randomised<T>(T network)
        where T : nn.Module
    {
        foreach (var parameter in network.parameters())
        {
            // Small enough that nothing overflows through all layers.
            nn.init.uniform_(parameter, -0.02, 0.02);
        }

        return network;
    }
}
