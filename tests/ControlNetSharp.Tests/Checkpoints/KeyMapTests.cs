using System.Text.Json;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.KeyMaps;
using Xunit;

namespace ControlNetSharp.Tests.Checkpoints;

/// <summary>The rules for names against the golden key maps, in both directions.</summary>
public class KeyMapTests
{
    public static TheoryData<string> Maps => Goldens.Files("keymap_*_unet.json", "keymap_*_controlnet.json", "keymap_*_vae.json");

    public static TheoryData<string> OldNames => Goldens.Files("keymap_*_oldnames.json");

    [Theory]
    [MemberData(nameof(Maps))]
    public void Names_OfAGoldenMap_BecomeLdmsAndDiffusersAgain(string file)
    {
        var golden = Goldens.Json(file);
        var expected = golden.GetProperty("map").EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetString()!);
        var reshape = golden.TryGetProperty("reshape", out var list) && list.ValueKind == JsonValueKind.Object ? list.EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value) : [];
        var diffusers = NamedTensors.Of(expected.Keys.Select(name => KeyValuePair.Create(name, reshape.TryGetValue(name, out var shape) ? Shape(shape, "diffusers") : [])));
        var ldm = LdmLayout.Of(diffusers);
        Assert.Equal(expected.OrderBy(pair => pair.Value, StringComparer.Ordinal), ldm.Select(tensor => KeyValuePair.Create(tensor.Value.Name, tensor.Key)).OrderBy(pair => pair.Value, StringComparer.Ordinal));
        Assert.All(ldm.Values, tensor => Assert.Equal(reshape.TryGetValue(tensor.Name, out var shape) ? Shape(shape, "ldm") : [], tensor.Shape));

        var prefix = ldm.Keys.First().Split('.')[0] + "." + (ldm.Keys.First().StartsWith(TinyModel.UNetPrefix, StringComparison.Ordinal) ? "diffusion_model." : "");
        var part = LdmLayout.Part(ldm, prefix);
        Assert.Equal(ldm.Count, part.Count);
        var back = prefix == TinyModel.AutoencoderPrefix ? DiffusersLayout.Autoencoder(part) : DiffusersLayout.UNet(part);
        Assert.Equal(expected.Count, back.Count);
        Assert.All(back, tensor => Assert.Equal(tensor.Key, tensor.Value.Name));
        Assert.All(back, tensor => Assert.Equal(diffusers[tensor.Key].Shape, tensor.Value.Shape));
    }

    [Theory]
    [MemberData(nameof(OldNames))]
    public void OldNames_OfTheAutoencoder_AreTodaysInLdm(string file)
    {
        var map = Goldens.Json(file).GetProperty("map").EnumerateObject().ToList();
        var keys = AutoencoderKeys.OfDiffusers([]);
        Assert.All(map, entry => Assert.Equal(keys.ToLdm(entry.Value.GetString()!), keys.ToLdm(entry.Name)));
        Assert.All(map, entry => Assert.Equal(entry.Value.GetString(), keys.ToDiffusers(keys.ToLdm(entry.Name)!)));
    }

    [Fact]
    public void OpenClipNames_OfTheManifest_BecomeTransformersAndBack()
    {
        Goldens.RequireDefaultFolder();
        const string OpenClip = "cond_stage_model.model.";
        var ldm = LdmLayout.Part(NamedTensors.OfManifest(Goldens.Json("key_manifest_sd21_ldm.json")), OpenClip);
        var transformers = OpenClipKeys.ToTransformers(ldm);
        // The manifest of transformers lacks the last block, which SD 2.x skips, and what text encoding does not use.
        var expected = NamedTensors.Shapes(Goldens.Json("key_manifest_openclip_h_text_hf.json").GetProperty("keys"));
        Assert.All(expected, entry => Assert.Equal(entry.Value, transformers[entry.Key].Shape));
        Assert.All(transformers.Keys.Except(expected.Keys), name => Assert.True(name.StartsWith("text_model.encoder.layers.23.", StringComparison.Ordinal) || name is "text_projection.weight" or "logit_scale", name));
        var back = OpenClipKeys.ToOpenClip(transformers);
        Assert.Equal(ldm.Keys.Order(StringComparer.Ordinal), back.Keys.Order(StringComparer.Ordinal));
        Assert.All(ldm, tensor => Assert.Equal(tensor.Value.Shape, back[tensor.Key].Shape));
    }

    private static IReadOnlyList<long> Shape(JsonElement entry, string layout) => [.. entry.GetProperty(layout).EnumerateArray().Select(size => size.GetInt64())];
}
