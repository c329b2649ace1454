using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using Xunit;

namespace ControlNetSharp.Tests.Models;

public class PublishedNamesTests
{
    /// <summary>File names and repositories as people have them, copied from the publishers' lists.</summary>
    [Theory]
    [InlineData("control_v11p_sd15_canny.pth", "canny", "SD 1.x")]
    [InlineData("control_v11p_sd15_mlsd_fp16.safetensors", "hough", "SD 1.x")]
    [InlineData("control_v11p_sd15_softedge [a8575a2a]", "hed", "SD 1.x")]
    [InlineData("sd15/control_v11p_sd15_openpose_fp16.safetensors", "pose", "SD 1.x")]
    [InlineData("control_v11p_sd15_seg", "segmentation", "SD 1.x")]
    [InlineData("control_v11p_sd15_normalbae", "normal", "SD 1.x")]
    [InlineData("control_v11f1p_sd15_depth_fp16", "depth", "SD 1.x")]
    [InlineData("control_v11p_sd15_lineart", "lineart", "SD 1.x")]
    [InlineData("control_v11p_sd15s2_lineart_anime_fp16.safetensors", "lineart_anime", "SD 1.x")]
    [InlineData("control_v11p_sd15_inpaint", "inpaint", "SD 1.x")]
    [InlineData("control_v11f1e_sd15_tile", "tile", "SD 1.x")]
    [InlineData("control_v11u_sd15_tile_fp16.safetensors", "tile", "SD 1.x")]
    [InlineData("control_v11e_sd15_shuffle", "shuffle", "SD 1.x")]
    [InlineData("control_v11e_sd15_ip2p", "ip2p", "SD 1.x")]
    [InlineData("control_sd15_hed.pth", "hed", "SD 1.x")]
    [InlineData("control_sd15_mlsd", "hough", "SD 1.x")]
    [InlineData("control_normal-fp16.safetensors", "normal_midas", "SD 1.x")]
    [InlineData("CONTROL_SD15_SCRIBBLE.PTH", "scribble", "SD 1.x")]
    [InlineData("lllyasviel/sd-controlnet-seg", "segmentation", "SD 1.x")]
    [InlineData("lllyasviel/control_v11p_sd15s2_lineart_anime", "lineart_anime", "SD 1.x")]
    [InlineData("control_v11p_sd21_ade20k.safetensors", "segmentation", "SD 2.x")]
    [InlineData("control_v11p_sd21_openposev2.ckpt", "pose", "SD 2.x")]
    [InlineData("thibaud/controlnet-sd21-zoedepth-diffusers", "depth", "SD 2.x")]
    [InlineData("diffusers_xl_canny_mid.safetensors", "canny", "SDXL")]
    [InlineData("diffusers/controlnet-depth-sdxl-1.0-small", "depth", "SDXL")]
    [InlineData("controlnet-tile-sdxl-1.0", "tile", "SDXL")]
    [InlineData("xinsir/controlnet-scribble-sdxl-1.0", "scribble", "SDXL")]
    [InlineData("controlnet-softedge-sdxl-1.0.safetensors", "hed", "SDXL")]
    [InlineData("OpenPoseXL2.safetensors", "pose", "SDXL")]
    [InlineData("sai_xl_sketch_256lora", "scribble", "SDXL")]
    [InlineData("kohya_controllllite_xl_openpose_anime_v2", "pose", "SDXL")]
    public void File_IsKnownByItsPublishedName(string name, string kind, string family)
    {
        var network = PublishedNames.Find(name);
        Assert.Equal((kind, family), (network?.Kind, network?.Family));
    }

    [Theory]
    [InlineData("my_control.safetensors")]
    [InlineData("control_v11p_sd15_canny_of_mine")]
    [InlineData("")]
    public void Name_ThatNobodyPublished_IsUnknown(string name) => Assert.Null(PublishedNames.Find(name));

    [Theory]
    [InlineData("sai_xl_canny_128lora")]
    [InlineData("kohya_controllllite_xl_blur")]
    [InlineData("controlnet-union-sdxl-1.0")]
    [InlineData("control_lora_rank128_v11p_sd15_canny_fp16")]
    public void NetworkOfAnotherForm_IsNoPlainControlNet(string name) =>
        Assert.False(PublishedNames.Find(name)!.IsControlNet);

    [Theory]
    [InlineData("canny", 768, "control_v11p_sd15_canny|control_sd15_canny|control_lora_rank128_v11p_sd15_canny_fp16|t2iadapter_canny_sd15v2")]
    [InlineData("recolor", 2048, "sai_xl_recolor_256lora|sai_xl_recolor_128lora")]
    [InlineData("normal", 2048, "controlnet-normalbae-sdxl-1.0|controlnet-union-sdxl-1.0_promax|controlnet-union-sdxl-1.0")]
    [InlineData("tile", 2048, "xinsir/controlnet-tile-sdxl-1.0|TTPLANET_Controlnet_Tile_realistic_v2_fp16|kohya_controllllite_xl_blur|kohya_controllllite_xl_blur_anime|kohya_controllllite_xl_blur_anime_beta|controlnet-union-sdxl-1.0_promax|controlnet-union-sdxl-1.0")]
    public void RunnableFor_ListsControlNetsFirst_AndUnionsLast(string kind, int context, string expected) =>
        Assert.Equal(expected.Split('|'), PublishedNames.RunnableFor(kind, ModelFamily.Of(context, context == 2048)).Select(row => row.Names[0]));

    [Fact]
    public void Rows_NameKnownFamilies() =>
        Assert.Subset(
            ModelFamily.All.Select(family => family.Name).ToHashSet(),
            PublishedNames.All.Select(row => row.Family).ToHashSet());

    [Fact]
    public void MendedDepth_ComesBeforeTheFirstOne_And11Before10()
    {
        var rows = PublishedNames.For("depth", ModelFamily.Of(768)).Where(row => row.IsControlNet);
        string[] expected = ["control_v11f1p_sd15_depth", "control_v11p_sd15_depth", "control_sd15_depth"];
        Assert.Equal(expected, rows.Select(row => row.Names[0]));
    }

    [Fact]
    public void Variants_ComeBehindTheirKind()
    {
        var kinds = PublishedNames.For("normal", ModelFamily.Of(768)).Select(row => row.Kind).Distinct();
        Assert.Equal(["normal", "normal_midas"], kinds);
        var anime = PublishedNames.For("lineart_anime", ModelFamily.Of(768));
        Assert.All(anime, row => Assert.Equal("lineart_anime", row.Kind));
    }

    [Fact]
    public void FamilyOfOnesOwn_IsLookedUpAsStableDiffusion1() =>
        Assert.Equal("control_v11p_sd15_canny", PublishedNames.For("canny", ModelFamily.Of(64)).First().Names[0]);
}
