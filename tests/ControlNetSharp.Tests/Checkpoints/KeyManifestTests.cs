using System.Text.Json;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Runtime;
using ControlNetSharp.Text;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Checkpoints;

/// <summary>The module trees against the key lists of the public checkpoints, on the meta device: names and shapes without memory.</summary>
public class KeyManifestTests
{
    private const string OpenClipPrefix = "cond_stage_model.model.";

    public static TheoryData<string> Files => Goldens.Files("key_manifest_sd1*_ldm.json", "key_manifest_sd2*_ldm.json", "key_manifest_sd1*_diffusers.json", "key_manifest_sd2*_diffusers.json", "key_manifest_sdxl_*.json", "key_manifest_sd_vae_diffusers*.json", "key_manifest_*_text_hf.json");

    [Theory]
    [MemberData(nameof(Files))]
    public void Networks_InferredFromAManifest_HaveExactlyItsNamesAndShapes(string file)
    {
        var manifest = Goldens.Json(file);
        // Whatever the layout of the file, the networks have LDM's names.
        var shapes = LdmLayout.Of(NamedTensors.OfManifest(manifest)).ToDictionary(tensor => tensor.Key, tensor => tensor.Value.Shape);
        var actual = Networks(shapes).SelectMany(network => Keys(network.Prefix, network.Network)).ToDictionary();
        var buffers = shapes.Keys.Where(name => manifest.GetProperty("non_float").EnumerateObject().Any(p => name.EndsWith(p.Name, StringComparison.Ordinal))).ToList();
        Assert.Equal(shapes.Keys.Except(buffers).Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, shape) in actual)
        {
            Assert.True(shape.SequenceEqual(shapes[name]), $"{name}: [{string.Join(", ", shape)}], expected [{string.Join(", ", shapes[name])}]");
        }

        // The list of SDXL counts the buffer of positions as well.
        static long Elements(IEnumerable<long> shape) => shape.Aggregate(1L, (a, b) => a * b);
        var floats = actual.Values.Sum(Elements);
        Assert.Contains(manifest.GetProperty("parameters").GetInt64(), new[] { floats, floats + buffers.Sum(name => Elements(shapes[name])) });
    }

    [Theory]
    [InlineData("key_manifest_sd15_ldm.json", "model", "SD 1.x")]
    [InlineData("key_manifest_sd21_ldm.json", "model", "SD 2.x")]
    [InlineData("key_manifest_sd15_controlnet_ldm.json", "controlnet", "SD 1.x")]
    [InlineData("key_manifest_sd21_controlnet_ldm.json", "controlnet", "SD 2.x")]
    [InlineData("key_manifest_sdxl_ldm.json", "model", "SDXL")]
    [InlineData("key_manifest_sd_vae_diffusers.json", "autoencoder", null)]
    [InlineData("key_manifest_sd_vae_diffusers_oldnames.json", "autoencoder", null)]
    [InlineData("key_manifest_sd15_unet_diffusers.json", "unet", "SD 1.x")]
    [InlineData("key_manifest_sd21_unet_diffusers.json", "unet", "SD 2.x")]
    [InlineData("key_manifest_sdxl_unet_diffusers.json", "unet", "SDXL")]
    [InlineData("key_manifest_sd15_controlnet_diffusers.json", "controlnet", "SD 1.x")]
    [InlineData("key_manifest_sd21_controlnet_diffusers.json", "controlnet", "SD 2.x")]
    [InlineData("key_manifest_sdxl_controlnet_diffusers.json", "controlnet", "SDXL")]
    [InlineData("key_manifest_clip_vit_l14_text_hf.json", "text encoder", null)]
    [InlineData("key_manifest_hed.json", "unknown", null)]
    public void KindAndFamily_OfAManifest_AreRecognised(string file, string kind, string? family)
    {
        Goldens.RequireDefaultFolder();
        Assert.Equal((kind, family), CheckpointKind.Of(Shapes(Goldens.Json(file))));
    }

    [Fact]
    public void UNetOfSdxl_InDiffusersLayout_HasTheNamesAndShapesOfItsLdmFile()
    {
        Goldens.RequireDefaultFolder();
        var ldm = Part(Shapes(Goldens.Json("key_manifest_sdxl_ldm.json")), TinyModel.UNetPrefix);
        var diffusers = LdmLayout.Of(NamedTensors.OfManifest(Goldens.Json("key_manifest_sdxl_unet_diffusers.json")));
        Assert.Equal(ldm.Keys.Order(StringComparer.Ordinal), diffusers.Keys.Select(name => name[TinyModel.UNetPrefix.Length..]).Order(StringComparer.Ordinal));
        Assert.All(diffusers, tensor => Assert.Equal(ldm[tensor.Key[TinyModel.UNetPrefix.Length..]], tensor.Value.Shape));
    }

    [Theory]
    [InlineData("key_manifest_sd15_ldm.json", TinyModel.UNetPrefix, 15)]
    [InlineData("key_manifest_sd15_controlnet_ldm.json", TinyModel.ControlPrefix, 15)]
    [InlineData("key_manifest_sd21_ldm.json", TinyModel.UNetPrefix, 21)]
    [InlineData("key_manifest_sd21_controlnet_ldm.json", TinyModel.ControlPrefix, 21)]
    [InlineData("key_manifest_sdxl_ldm.json", TinyModel.UNetPrefix, 0)]
    [InlineData("key_manifest_sdxl_controlnet_diffusers.json", TinyModel.ControlPrefix, 0)]
    public void UNetShape_OfAManifest_IsThePreset(string file, string prefix, int version)
    {
        Goldens.RequireDefaultFolder();
        var preset = version switch
        {
            15 => UNetParams.Sd15,
            21 => UNetParams.Sd21,
            _ => UNetParams.Sdxl,
        };
        var shapes = LdmLayout.Of(NamedTensors.OfManifest(Goldens.Json(file))).ToDictionary(tensor => tensor.Key, tensor => tensor.Value.Shape);
        var inferred = NetworkShapes.UNet(Part(shapes, prefix), new CheckpointMetadata());
        Assert.Equal(Written(preset), Written(inferred));
    }

    [Theory]
    [InlineData("key_manifest_sd15_ldm.json")]
    [InlineData("key_manifest_sd21_ldm.json")]
    public void AutoencoderShape_OfAManifest_IsThePreset(string file)
    {
        Goldens.RequireDefaultFolder();
        var preset = AutoencoderParams.StableDiffusion;
        var inferred = NetworkShapes.Autoencoder(Part(Shapes(Goldens.Json(file)), TinyModel.AutoencoderPrefix), new CheckpointMetadata());
        Assert.Equal(Written(preset), Written(inferred));
    }

    /// <summary>All members of a network's shape with values; equality of records does not look into lists.</summary>
    private static string Written<T>(T shape) => JsonSerializer.Serialize(shape);

    /// <summary>Shapes by name, as a manifest lists them.</summary>
    private static Dictionary<string, IReadOnlyList<long>> Shapes(JsonElement manifest) => NamedTensors.Shapes(manifest.GetProperty("keys"));

    private static IEnumerable<(string Prefix, nn.Module Network)> Networks(Dictionary<string, IReadOnlyList<long>> shapes)
    {
        // Heads are not visible in names and shapes; widths of another folder need not suit Stable Diffusion's.
        int? any = Goldens.IsOverride ? 1 : null;
        var metadata = new CheckpointMetadata { HeadWidth = any };
        if (Part(shapes, TinyModel.UNetPrefix) is { Count: > 0 } unet)
        {
            yield return (TinyModel.UNetPrefix, new UNet(NetworkShapes.UNet(unet, metadata), Placement.Meta));
        }

        if (Part(shapes, TinyModel.ControlPrefix) is { Count: > 0 } union && union.TryGetValue("task_embedding", out var kinds))
        {
            var width = (int)(union["control_add_embedding.linear_1.weight"][1] / kinds[0]);
            yield return (TinyModel.ControlPrefix, new ControlNetUnion(new(NetworkShapes.ControlNet(union, metadata), (int)kinds[0], width, 1), Placement.Meta));
        }
        else if (Part(shapes, TinyModel.ControlPrefix) is { Count: > 0 } control)
        {
            yield return (TinyModel.ControlPrefix, new ControlNet(NetworkShapes.ControlNet(control, metadata), Placement.Meta));
        }

        if (Part(shapes, TinyModel.AutoencoderPrefix) is { Count: > 0 } autoencoder)
        {
            yield return (TinyModel.AutoencoderPrefix, new Autoencoder(NetworkShapes.Autoencoder(autoencoder, metadata), Placement.Meta));
        }

        if (Part(shapes, TinyModel.TextPrefix) is { Count: > 0 } clip)
        {
            yield return (TinyModel.TextPrefix, new ClipTextEncoder(TextEncoderParams.Infer(clip, any), Placement.Meta));
        }

        if (Part(shapes, TinyModel.SdxlTextPrefix) is { Count: > 0 } first)
        {
            yield return (TinyModel.SdxlTextPrefix, new ClipTextEncoder(TextEncoderParams.Infer(first, any), Placement.Meta));
        }

        if (Part(shapes, TinyModel.SdxlSecondTextPrefix) is { Count: > 0 } second)
        {
            yield return (TinyModel.SdxlSecondTextPrefix, new OpenClipTextEncoder(TextEncoderParams.Infer(second, any), Placement.Meta));
        }

        if (Part(shapes, OpenClipPrefix) is { Count: > 0 } openClip)
        {
            yield return (OpenClipPrefix, new OpenClipTextEncoder(TextEncoderParams.Infer(openClip, any), Placement.Meta));
        }
    }

    private static Dictionary<string, IReadOnlyList<long>> Part(Dictionary<string, IReadOnlyList<long>> shapes, string prefix) =>
        shapes.Where(shape => shape.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(shape => shape.Key[prefix.Length..], shape => shape.Value);

    private static Dictionary<string, long[]> Keys(string prefix, nn.Module network)
    {
        using var owned = network;
        return network.named_parameters().ToDictionary(p => prefix + p.name, p => p.parameter.shape);
    }
}
