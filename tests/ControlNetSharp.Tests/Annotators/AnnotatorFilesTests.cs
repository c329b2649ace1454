using ControlNetSharp.Annotators;
using Xunit;

namespace ControlNetSharp.Tests.Annotators;

/// <summary>Where weights of annotators lie in the folders of other programs.</summary>
public sealed class AnnotatorFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("openpose", "extensions/sd-webui-controlnet/annotator/downloads/openpose/body_pose_model.pth")]
    [InlineData("softedge_hed", "extensions/sd-webui-controlnet/annotator/downloads/hed/ControlNetHED.pth")]
    [InlineData("depth_midas", "extensions/sd-webui-controlnet/annotator/downloads/midas/dpt_hybrid-midas-501f0c75.pt")]
    [InlineData("mlsd", "extensions/sd-webui-controlnet/annotator/downloads/mlsd/mlsd_large_512_fp32.pth")]
    [InlineData("normal_bae", "extensions/sd-webui-controlnet/annotator/downloads/normal_bae/scannet.pt")]
    [InlineData("lineart_realistic", "extensions/sd-webui-controlnet/annotator/downloads/lineart/sk_model.pth")]
    [InlineData("lineart_coarse", "extensions/sd-webui-controlnet/annotator/downloads/lineart/sk_model2.pth")]
    [InlineData("lineart_anime", "extensions/sd-webui-controlnet/annotator/downloads/lineart_anime/netG.pth")]
    [InlineData("depth_anything_v2", "extensions/sd-webui-controlnet/annotator/downloads/depth_anything_v2/depth_anything_v2_vitl.pth")]
    [InlineData("normal_bae", "models/ControlNetPreprocessor/normal_bae/scannet.pt")]
    [InlineData("normal_bae", "models/ControlNetPreprocessor/scannet.pt")]
    [InlineData("softedge_hed", "ControlNetPreprocessor/hed/ControlNetHED.pth")]
    [InlineData("softedge_hed", "custom_nodes/comfyui_controlnet_aux/ckpts/lllyasviel/Annotators/ControlNetHED.pth")]
    [InlineData("depth_anything_v2", "custom_nodes/comfyui_controlnet_aux/ckpts/depth-anything/Depth-Anything-V2-Small/depth_anything_v2_vits.pth")]
    [InlineData("depth_anything_v2", "custom_nodes/comfyui_controlnet_aux/ckpts/depth-anything/Depth-Anything-V2-Small-hf/model.safetensors")]
    [InlineData("softedge_hed", "custom_nodes/comfyui_controlnet_aux/ckpts/models--lllyasviel--Annotators/snapshots/982e7edaec38759d914a963c48c4726685de7d96/ControlNetHED.pth")]
    [InlineData("softedge_hed", "annotators/lllyasviel/ControlNetHED.pth")]
    [InlineData("softedge_hed", "ControlNetHED.pth")]
    public void FindAll_BelowTheRootOfAnotherProgram_FindsTheFileWhereThatKeepsIt(string annotator, string file)
    {
        Write(file);
        var info = AnnotatorCatalogue.Find(annotator);
        Assert.Equal(Path.GetFullPath(_folder[file]), AnnotatorFiles.Below([_folder.Path]).Find(info));
    }

    [Fact]
    public void Find_OfPosesOfSeveralFiles_FindsEachInItsRepositorysFolder()
    {
        const string below = "custom_nodes/comfyui_controlnet_aux/ckpts/yzd-v/DWPose/";
        Write(below + "yolox_l.onnx");
        Write(below + "dw-ll_ucoco_384.onnx");
        Assert.Equal(2, AnnotatorFiles.Below([_folder.Path]).FindAll(AnnotatorCatalogue.Find("dw_openpose_full")).Count);
    }

    [Theory]
    [InlineData("other/hed/ControlNetHED.pth")]
    [InlineData("custom_nodes/another/ckpts/ControlNetHED.pth")]
    [InlineData("custom_nodes/comfyui_controlnet_aux/ckpts/a/b/c/d/ControlNetHED.pth")]
    public void Find_OfWhatLiesElsewhere_IsRefused_WithThePlacesThatWereSearched(string file)
    {
        Write(file);
        var e = Assert.Throws<FileNotFoundException>(() => AnnotatorFiles.Below([_folder.Path]).Find(AnnotatorCatalogue.Find("softedge_hed")));
        Assert.Contains(Path.Combine("comfyui_controlnet_aux", "ckpts"), e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_OfAFileThatIsThereTwice_TakesThatOfTheFirstFolder()
    {
        Write("models/ControlNetPreprocessor/hed/ControlNetHED.pth");
        Write("extensions/sd-webui-controlnet/annotator/downloads/hed/ControlNetHED.pth");
        Write("b/ControlNetHED.pth");
        var hed = AnnotatorCatalogue.Find("softedge_hed");
        Assert.Contains("ControlNetPreprocessor", AnnotatorFiles.Below([_folder.Path, _folder["b"]]).Find(hed), StringComparison.Ordinal);
        Assert.Equal(Path.GetFullPath(_folder["b/ControlNetHED.pth"]), AnnotatorFiles.Below([_folder["b"], _folder.Path]).Find(hed));
    }

    private void Write(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[file])!);
        File.WriteAllText(_folder[file], "");
    }
}
