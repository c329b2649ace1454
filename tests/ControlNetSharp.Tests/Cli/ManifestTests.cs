using System.Security.Cryptography;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Cli;

/// <summary>The text <c>parameters</c>, as A1111's readers take it apart.</summary>
public sealed class ManifestTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Parameters_WithCommasAndColonsInAValue_QuotesIt()
    {
        var parameters = await Parameters("a cat", "my, model: \"v2\".safetensors");
        Assert.Contains("""Model: "my, model: \"v2\"", RNG: CPU, Version: ControlNetSharp""", parameters, StringComparison.Ordinal);
        Assert.Contains("Model: plain, RNG: CPU, Version", await Parameters("a cat", "plain.safetensors"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parameters_WithLorasAndEmbeddings_HasTheirHashesAsA1111WritesThem()
    {
        foreach (var folder in new[] { "Lora", "embeddings" })
        {
            Directory.CreateDirectory(_folder[folder]);
        }

        var weights = new Dictionary<string, Tensor>
        {
            ["lora_unet_middle_block_1_proj_in.lora_down.weight"] = ones(2, 64, 1, 1),
            ["lora_unet_middle_block_1_proj_in.lora_up.weight"] = ones(64, 2, 1, 1),
        };
        SafetensorsWriter.Write(_folder["Lora/ink.safetensors"], weights, new Dictionary<string, string> { ["author"] = "somebody" });
        SafetensorsWriter.Write(_folder["Lora/told, so.safetensors"], weights, new Dictionary<string, string> { ["sshs_model_hash"] = "0123456789ABCDEF0123" });
        SafetensorsWriter.Write(_folder["embeddings/inkone.safetensors"], new Dictionary<string, Tensor> { ["emb_params"] = ones(1, TinyModel.Width) });
        var parameters = await Parameters("a cat, inkone<lora:ink:0.5><lora:told, so:0.5>", "model.safetensors");

        // Of a LoRA what lies behind the header counts, of an embedding the whole file.
        var file = File.ReadAllBytes(_folder["Lora/ink.safetensors"]);
        var ink = Hash(file.AsSpan(8 + (int)BitConverter.ToInt64(file)));
        var inkone = Hash(File.ReadAllBytes(_folder["embeddings/inkone.safetensors"]));
        Assert.Contains($"""Lora hashes: "ink: {ink}, told so: 0123456789ab", TI hashes: "inkone: {inkone}", Version""", parameters, StringComparison.Ordinal);
    }

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes))[..12];

    private async Task<string> Parameters(string prompt, string model)
    {
        TinyModel.WriteModel(_folder[model]);
        await CommandRun.JsonOf("generate", "-p", prompt, "-m", _folder[model], "-o", _folder["out.png"], "--overwrite", "--steps", "1", "--size", "64x64", "--seed", "5");
        return PngTexts.Read(_folder["out.png"])["parameters"];
    }
}
