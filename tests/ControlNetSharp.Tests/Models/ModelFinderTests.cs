using System.Security.Cryptography;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using Xunit;

namespace ControlNetSharp.Tests.Models;

public sealed class ModelFinderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("v1-5-pruned-emaonly.safetensors")]
    [InlineData("v1-5-pruned-emaonly")]
    [InlineData("V1-5-Pruned-EMAonly")]
    [InlineData("v1-5-pruned-emaonly.safetensors [6ce0161689]")]
    [InlineData("v1-5-pruned-emaonly [6ce0161689]")]
    [InlineData("sd15/v1-5-pruned-emaonly")]
    [InlineData("sd15\\v1-5-pruned-emaonly.safetensors [6ce0161689]")]
    public void Model_IsFoundHoweverItsNameIsWritten(string name)
    {
        var file = Write("models/Stable-diffusion/sd15/v1-5-pruned-emaonly.safetensors");
        Assert.Equal(file, Find(Finder(), ModelRole.Model, name));
    }

    [Theory]
    [InlineData("models/Stable-diffusion", ModelRole.Model)]
    [InlineData("models/ControlNet", ModelRole.ControlNet)]
    [InlineData("extensions/sd-webui-controlnet/models", ModelRole.ControlNet)]
    [InlineData("models/Lora", ModelRole.Lora)]
    [InlineData("models/VAE", ModelRole.Autoencoder)]
    [InlineData("embeddings", ModelRole.Embedding)]
    [InlineData("extensions/sd-webui-controlnet/annotator/downloads/openpose", ModelRole.Annotator)]
    [InlineData("models/ControlNetPreprocessor/openpose", ModelRole.Annotator)]
    [InlineData("models/checkpoints/xl", ModelRole.Model)]
    [InlineData("models/diffusion_models", ModelRole.Model)]
    [InlineData("models/controlnet/1.5", ModelRole.ControlNet)]
    [InlineData("models/loras", ModelRole.Lora)]
    [InlineData("models/vae", ModelRole.Autoencoder)]
    [InlineData("models/embeddings", ModelRole.Embedding)]
    [InlineData("custom_nodes/comfyui_controlnet_aux/ckpts/lllyasviel/Annotators", ModelRole.Annotator)]
    [InlineData("models/ESRGAN", ModelRole.Upscaler)]
    [InlineData("models/RealESRGAN", ModelRole.Upscaler)]
    [InlineData("models/upscale_models", ModelRole.Upscaler)]
    public void FolderOfAnotherProgram_SaysWhatIsInIt(string folder, ModelRole role)
    {
        var file = Write($"{folder}/thing.pth");
        Directory.CreateDirectory(_folder["models"]);
        var finder = Finder();
        Assert.Equal(file, Find(finder, role, "thing"));
        foreach (var other in Enum.GetValues<ModelRole>().Where(other => other != role && other != ModelRole.None))
        {
            Assert.Null(LookFor(finder, other, "thing"));
        }
    }

    [Theory]
    [InlineData("R-ESRGAN 4x+", "models/RealESRGAN/RealESRGAN_x4plus.pth")]
    [InlineData("r-esrgan 4x+ anime6b", "models/upscale_models/RealESRGAN_x4plus_anime_6B.pth")]
    [InlineData("R-ESRGAN General 4xV3", "models/RealESRGAN/realesr-general-x4v3.pth")]
    [InlineData("RealESRGAN_x2plus", "models/RealESRGAN/RealESRGAN_x2plus.pth")]
    [InlineData("4x-UltraSharp", "models/ESRGAN/4x-UltraSharp.pth")]
    [InlineData("4x_foolhardy_Remacri.pth", "models/upscale_models/deep/4x_foolhardy_Remacri.pth")]
    [InlineData("ESRGAN_4x", "models/ESRGAN/ESRGAN.pth")]
    public void Upscaler_IsFoundByItsFilesNameAndByThatOfTheWebUi(string name, string path)
    {
        var file = Write(path);
        Assert.Equal(file, Find(Finder(), ModelRole.Upscaler, name));
        Assert.Equal(file, Find(Finder(), ModelRole.Upscaler, PublishedUpscalers.LabelOf(file)));
    }

    [Theory]
    [InlineData("thing.ckpt")]
    [InlineData("deep/er/thing.ckpt")]
    [InlineData("loras/thing.ckpt")]
    [InlineData("checkpoints/a/b/c/d/thing.ckpt")]
    public void FolderOfOnesOwn_IsSearchedWithItsSubfolders(string file) =>
        Assert.Equal(Write(file), Find(Finder(), file.StartsWith("loras") ? ModelRole.Lora : ModelRole.Model, "thing"));

    [Fact]
    public void FolderOfAnotherProgram_IsNotSearchedWhereNoModelsBelong()
    {
        Write("models/Stable-diffusion/a.ckpt");
        Write("outputs/thing.ckpt");
        Assert.Null(LookFor(Finder(), ModelRole.Model, "thing"));
    }

    [Fact]
    public void WholeName_WinsOverNamesakesInSubfolders_AndALinkIsItsFile()
    {
        var root = Write("Lora/ink.safetensors", "1");
        Write("Lora/old/ink.safetensors", "2");
        Assert.Equal(root, Find(Finder(), ModelRole.Lora, "ink"));
        Assert.Equal(root, Find(Finder(), ModelRole.Lora, "INK"));
        var alone = Write("Lora/one/alone.safetensors");
        Directory.CreateDirectory(_folder["Lora/fav"]);
        File.CreateSymbolicLink(_folder["Lora/fav/alone.safetensors"], "../one/alone.safetensors");
        Directory.CreateSymbolicLink(_folder["Lora/loop"], ".");
        Assert.Equal(File.ReadAllText(alone), File.ReadAllText(Find(Finder(), ModelRole.Lora, "alone")));
    }

    [Fact]
    public void NameOfTwoFiles_IsRefusedWithBoth_UnlessFolderOrHashDecides()
    {
        var (a, b) = (Write("Lora/a/ink.safetensors", Large('1')), Write("Lora/b/ink.safetensors", Large('2')));
        var error = Assert.Throws<ModelNotFoundException>(() => Find(Finder(), ModelRole.Lora, "ink"));
        Assert.Equal([a, b], error.Candidates);
        Assert.Contains(b, error.Message, StringComparison.Ordinal);
        Assert.Equal(b, Find(Finder(), ModelRole.Lora, "b/ink"));
        Assert.Equal(b, Find(Finder(), ModelRole.Lora, $"ink [{Sha256(b)[..10]}]"));
        Assert.Equal(b, Find(Finder(), ModelRole.Lora, $"ink [{CheckpointHash.Of(b).Old}]"));
    }

    [Fact]
    public void Embeddings_AreOnlyThoseInFoldersForThem_AndOfOneNameTheFirst()
    {
        // A word of a prompt must not turn into whatever file has its name.
        Write("portrait.safetensors", "a model");
        Write("checkpoints/photo.safetensors", "another");
        Write("embeddings/ink.pt", "1");
        var (safe, deep) = (Write("embeddings/ink.safetensors", "2"), Write("embeddings/a/wash.pt", "3"));
        Write("embeddings/a/b/wash.safetensors", "4");
        var expected = new Dictionary<string, string> { ["ink"] = safe, ["wash"] = deep };
        Assert.Equal(expected, Finder().Embeddings(null).ToDictionary());
        var named = new ModelFinder(new ModelFinderOptions { Folders = [_folder["embeddings"]], HubCache = null });
        Assert.Equal(expected, named.Embeddings(null).ToDictionary());
    }

    [Fact]
    public void FileInAFolderForIt_CountsBeforeOneThatCouldBeAnything()
    {
        var (anything, lora) = (Write("ink.safetensors", "1"), Write("Lora/ink.safetensors", "2"));
        Assert.Equal(lora, Find(Finder(), ModelRole.Lora, "ink"));
        Assert.Equal(anything, Find(Finder(), ModelRole.Model, "ink"));
    }

    [Fact]
    public void SafeContainer_CountsBeforeOthersOfTheSameName()
    {
        Write("checkpoints/m.ckpt", "1");
        var safe = Write("checkpoints/m.safetensors", "2");
        Assert.Equal(safe, Find(Finder(), ModelRole.Model, "m"));
        Assert.EndsWith("m.ckpt", Find(Finder(), ModelRole.Model, "m.ckpt"), StringComparison.Ordinal);
    }

    [Fact]
    public void File_IsFoundByItsHashes()
    {
        Write("Lora/other.safetensors", Large('1'));
        var file = Write("Lora/ink.safetensors", Large('2'));
        var hash = CheckpointHash.Of(file);
        string[] names =
            [hash.Sha256, hash.Sha256.ToUpperInvariant(), hash.Short, hash.Old, $"renamed [{hash.Short}]"];
        Assert.All(names, name => Assert.Equal(file, Find(Finder(), ModelRole.Lora, name)));

        Assert.Equal(file, LookForHash(Finder(), ModelRole.Lora, new FileHashes().LoraOf(file)[..12]));
        Assert.Null(LookForHash(Finder(), ModelRole.Lora, "0123456789"));
    }

    [Fact]
    public void OldHashOfDifferentFiles_IsRefused_OfCopiesItIsNot()
    {
        // What is too short for the old hash has that of nothing.
        var first = Write("Lora/a.pt", "1");
        Write("Lora/copy.pt", "1");
        var old = CheckpointHash.Of(first).Old;
        Assert.Equal(first, Find(Finder(), ModelRole.Lora, old));
        var other = Write("Lora/other.pt", "2");
        var error = Assert.Throws<ModelNotFoundException>(() => Find(Finder(), ModelRole.Lora, old));
        Assert.Contains(other, error.Candidates);
    }

    [Theory]
    [InlineData("control_v11p_sd15_canny_fp16.safetensors", "control_v11p_sd15_canny [d14c016b]")]
    [InlineData("control_v11p_sd15_canny.pth", "lllyasviel/control_v11p_sd15_canny")]
    [InlineData("control_mlsd-fp16.safetensors", "control_sd15_mlsd.pth")]
    [InlineData("thibaud_xl_openpose.safetensors", "OpenPoseXL2")]
    public void ControlNet_IsFoundByAnotherPublishedName(string file, string name) =>
        Assert.Equal(Write($"models/ControlNet/{file}"), Find(Finder(), ModelRole.ControlNet, name));

    [Theory]
    [InlineData("canny", 768, "models/ControlNet/control_v11p_sd15_canny_fp16.safetensors")]
    [InlineData("hed", 768, "models/controlnet/control_sd15_hed.pth")]
    [InlineData("normal", 768, "control_sd15_normal.pth")]
    [InlineData("lineart", 768, "ControlNet/control_v11p_sd15s2_lineart_anime.pth")]
    [InlineData("tile", 768, "extensions/sd-webui-controlnet/models/control_v11u_sd15_tile_fp16.safetensors")]
    [InlineData("segmentation", 1024, "models/ControlNet/control_v11p_sd21_ade20k.safetensors")]
    [InlineData("depth", 2048, "models/ControlNet/diffusers_xl_depth_mid.safetensors")]
    [InlineData("scribble", 2048, "models/controlnet/xl/controlnet-scribble-sdxl-1.0/diffusion_pytorch_model.bin")]
    public void ControlNetOfAKind_IsFoundUnderItsPublishedNames(string kind, int context, string file)
    {
        var path = Write(file);
        var model = Write("models/Stable-diffusion/m.safetensors");
        // Of another family, or not of the kind.
        Write("models/ControlNet/control_v11p_sd15_shuffle.pth");
        Assert.Equal(path, Finder().ControlNetFor(kind, ModelFamily.Of(context, context == 2048), model));
    }

    [Fact]
    public void ControlNetOfAKind_IsFoundBesideTheModel_AndInTheProgramThatItBelongsTo()
    {
        var model = Write("a1111/models/Stable-diffusion/sd15/m.safetensors");
        var finder = new ModelFinder(new ModelFinderOptions { HubCache = null, EmbeddedFolder = _folder["none"] });
        var family = ModelFamily.Of(768);
        var error = Assert.Throws<ModelNotFoundException>(() => finder.ControlNetFor("canny", family, model));
        Assert.Contains("control_v11p_sd15_canny_fp16.safetensors", error.Searched);
        Assert.Contains(_folder["a1111"], error.Folders);
        var far = Write("a1111/extensions/sd-webui-controlnet/models/control_v11p_sd15_canny.pth");
        Assert.Equal(far, finder.ControlNetFor("canny", family, model));
        var near = Write("a1111/models/Stable-diffusion/sd15/control_v11p_sd15_canny.pth");
        Assert.Equal(near, finder.ControlNetFor("canny", family, model));
    }

    [Fact]
    public void Repository_IsFoundInTheHubsCache()
    {
        var snapshot = "hub/models--lllyasviel--control_v11p_sd15_canny/snapshots/abc";
        Write($"{snapshot}/config.json");
        Write($"{snapshot}/diffusion_pytorch_model.safetensors");
        var lone = Write("hub/models--lllyasviel--sd-controlnet-hed/snapshots/d/diffusion_pytorch_model.fp16.bin");
        var options = new ModelFinderOptions { HubCache = _folder["hub"], EmbeddedFolder = _folder["none"] };
        var finder = new ModelFinder(options);
        string[] names =
            ["lllyasviel/control_v11p_sd15_canny", "control_v11p_sd15_canny", "control_v11p_sd15_canny_fp16.pth"];
        Assert.All(names, name => Assert.Equal(_folder[snapshot], Find(finder, ModelRole.ControlNet, name)));
        Assert.Equal(lone, Find(finder, ModelRole.ControlNet, "lllyasviel/sd-controlnet-hed"));
    }

    [Fact]
    public void EmbeddedModel_HasItsOwnControlNets()
    {
        var options = new ModelFinderOptions { Folders = [_folder["mine"]], HubCache = null };
        var finder = new ModelFinder(options with { EmbeddedFolder = _folder["pocket"] });
        var missing = Assert.Throws<ModelNotFoundException>(() => Find(finder, ModelRole.Model, "pocket"));
        Assert.Contains(_folder["pocket"], missing.Message, StringComparison.Ordinal);
        Write("pocket/model/unet.safetensors");
        var control = Write("pocket/controlnet_canny.safetensors");
        var classifier = Write("pocket/classifier.safetensors");
        Write("mine/control_v11p_sd15_depth.pth");
        var model = Find(finder, ModelRole.Model, "pocket");
        Assert.Equal(_folder["pocket/model"], model);
        Assert.Equal(control, finder.ControlNetFor("canny", null, model));
        Assert.Null(finder.LookForControlNet("depth", null, model));
        var error = Assert.Throws<ModelNotFoundException>(() => finder.ControlNetFor("depth", null, model));
        Assert.Equal(["controlnet_depth.safetensors"], error.Searched);
        Assert.Equal(classifier, Find(finder, ModelRole.Annotator, "classifier.safetensors"));
        Assert.Null(LookFor(finder, ModelRole.Model, "unet"));
    }

    [Fact]
    public void Paths_LeadAnywhere_UnlessTheyMustNot()
    {
        var outside = Write("outside/secret.safetensors", "secret");
        var inside = Write("mine/m.safetensors");
        Directory.CreateSymbolicLink(_folder["mine/door"], _folder["outside"]);
        File.CreateSymbolicLink(_folder["mine/link.safetensors"], outside);
        File.CreateSymbolicLink(_folder["mine/alias.safetensors"], inside);
        var options = new ModelFinderOptions
        {
            Folders = [_folder["mine"]],
            HubCache = null,
            EmbeddedFolder = _folder["none"],
        };
        var (free, strict) = (new ModelFinder(options), new ModelFinder(options with { AllowPaths = false }));
        string[] leaving =
        [
            outside, _folder["mine/../outside/secret.safetensors"], _folder["mine/link.safetensors"],
            _folder["mine/door/secret.safetensors"], _folder["outside"],
            "link", "door/secret", "secret", "../outside/secret.safetensors",
        ];
        Assert.All(leaving, name => Assert.Throws<ModelNotFoundException>(() => Find(strict, ModelRole.Model, name)));
        Assert.All(leaving[..^1], name => Assert.NotNull(Find(free, ModelRole.Model, name)));
        string[] staying = [inside, "m", _folder["mine/alias.safetensors"], "alias"];
        Assert.All(staying, name => Assert.NotNull(Find(strict, ModelRole.Model, name)));
        Assert.Null(LookForHash(strict, ModelRole.Model, Sha256(outside)));
        Assert.Equal([_folder["mine/alias.safetensors"]], strict.List(ModelRole.Model).Select(entry => entry.Path));
    }

    [Fact]
    public void WordOfAPrompt_IsNoFolderThatHappensToHaveItsName()
    {
        var file = Write("Lora/src.safetensors");
        Assert.Equal(file, Find(Finder(), ModelRole.Lora, "src"));
        Assert.Null(LookFor(Finder(), ModelRole.Lora, Directory.CreateDirectory(_folder["ink"]).FullName));
        Assert.Equal(_folder["ink"], Find(Finder(), ModelRole.Model, _folder["ink"]));
    }

    [Fact]
    public void UnknownName_IsRefusedWithFoldersAndTheNearestNames()
    {
        Write("models/Stable-diffusion/dreamshaper_8.safetensors");
        Write("models/Stable-diffusion/anything-v5.safetensors");
        var error = Assert.Throws<ModelNotFoundException>(() => Find(Finder(), ModelRole.Model, "dreamshapr_8"));
        Assert.Equal("dreamshapr_8", error.Name);
        Assert.Equal(["dreamshaper_8.safetensors"], error.Nearest);
        Assert.Contains(_folder.Path, error.Folders);
        Assert.Contains("dreamshaper_8.safetensors", error.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.Path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NewFiles_AreSeen_AndFoldersThatDidNotChangeAreNotListedAgain()
    {
        var finder = Finder();
        Write("checkpoints/a.ckpt");
        var folder = _folder["checkpoints"];
        var written = new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        Directory.SetLastWriteTimeUtc(folder, written);
        Assert.NotNull(LookFor(finder, ModelRole.Model, "a"));
        Write("checkpoints/b.ckpt");
        Directory.SetLastWriteTimeUtc(folder, written);
        Assert.Null(LookFor(finder, ModelRole.Model, "b"));
        Directory.SetLastWriteTimeUtc(folder, written.AddSeconds(1));
        Assert.NotNull(LookFor(finder, ModelRole.Model, "b"));
        Write("checkpoints/c.ckpt");
        Assert.NotNull(LookFor(finder, ModelRole.Model, "c"));
    }

    [Fact]
    public void List_HasEveryFileOnce()
    {
        Write("Lora/a/ink.safetensors");
        Write("Lora/pen.pt");
        Write("embeddings/bad.pt");
        File.CreateSymbolicLink(_folder["Lora/pen2.pt"], "pen.pt");
        File.CreateSymbolicLink(_folder["Lora/broken.pt"], "nothing.pt");
        Assert.Equal(["pen.pt", "a/ink.safetensors"], Finder().List(ModelRole.Lora).Select(entry => entry.Name));
    }

    private static string Find(ModelFinder finder, ModelRole role, string name) =>
        finder.Find(role, name, model: null, TestContext.Current.CancellationToken);

    private static string? LookFor(ModelFinder finder, ModelRole role, string name) =>
        finder.LookFor(role, name, model: null, TestContext.Current.CancellationToken);

    private static string? LookForHash(ModelFinder finder, ModelRole role, string hash) =>
        finder.LookForHash(role, hash, model: null, TestContext.Current.CancellationToken);

    private static string Sha256(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));

    /// <summary>Long enough for the old hash, which is of what lies at 1 MiB.</summary>
    private static string Large(char digit) => new(digit, 0x100000 + 10);

    private ModelFinder Finder() =>
        new(new ModelFinderOptions { Folders = [_folder.Path], HubCache = null, EmbeddedFolder = _folder["none"] });

    private string Write(string name, string content = "x")
    {
        var path = _folder[name];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }
}
