using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks.Upscalers;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests;

/// <summary>Upscalers at very small widths, with formula weights, and files of them.</summary>
internal static class TinyUpscaler
{
    /// <summary>What of a picture a place of its result depends on, to each side: 15 convolutions in a block, and 5 around the only one, of which those behind it see less.</summary>
    public const int Reach = 20;

    /// <summary>ESRGAN with one block, four times as large.</summary>
    public static RrdbNetwork Dense(uint seed = 9) =>
        FormulaWeights.Fill(new RrdbNetwork(new() { Features = 8, Growth = 4, Blocks = 1, Doublings = 2, Unshuffle = 1 }, Placement.Cpu32), "", seed);

    /// <summary>A compact one.</summary>
    public static CompactUpscaler Compact(int scale) => FormulaWeights.Fill(new CompactUpscaler(new(8, 2, scale), Placement.Cpu32), "", 10);

    /// <summary>Writes one to a file under Real-ESRGAN's names.</summary>
    public static string Write(string path, UpscalerNetwork network)
    {
        using var owned = network;
        using var scope = NewDisposeScope();
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        SafetensorsWriter.Write(path, network.named_parameters().ToDictionary(p => p.name, p => (Tensor)p.parameter), new Dictionary<string, string>());
        return path;
    }
}
