using System.CommandLine;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks;
using static TorchSharp.torch;

namespace ControlNetSharp.Cli;

/// <summary>What the benches share: options and random networks.</summary>
internal static class BenchOptions
{
    private static readonly IReadOnlyList<string> Families =
    [
        .. ModelFamily.All.Select(family => family.ShortName).OfType<string>(),
    ];

    private static readonly string Allowed = $"{string.Join(", ", Families.SkipLast(1))} or {Families[^1]}";

    public static Option<string?> Family { get; } =
        new("--family") { Description = $"{Allowed}; default {Families[0]}." };

    public static Option<string?> Size { get; } =
        new("--size") { Description = "Width and height in pixels, a multiple of 64; default 512." };

    public static Option<string?> Batch { get; } =
        new("--batch") { Description = "Pictures computed together; default 1." };

    public static (string Name, UNetParams UNet) ReadFamily(ParseResult arguments)
    {
        var name = arguments.GetValue(Family) ?? Families[0];
        return ModelFamily.All.FirstOrDefault(family => family.ShortName == name)?.UNet is { } unet
            ? (name, unet)
            : throw UsageException.Of(Family.Name, name, $"must be {Allowed}.");
    }

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
