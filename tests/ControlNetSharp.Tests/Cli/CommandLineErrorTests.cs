using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Cli;

/// <summary>Wrong input: one message that names the thing, the value and what is allowed, the exit code of the table, no stack trace, nothing written, with and without --json.</summary>
public sealed class CommandLineErrorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public CommandLineErrorTests()
    {
        PictureWriter.WritePng(_folder["ok.png"], TestPictures.Square(64, 64));
        File.WriteAllText(_folder["text.png"], "This is a letter, not a picture.\n");
        var whole = PictureWriter.EncodePng(TestPictures.Noise(64, 64));
        File.WriteAllBytes(_folder["truncated.png"], whole[..(whole.Length / 2)]);
        PictureWriter.WritePng(_folder["black.png"], TestPictures.Of(64, 64, (_, _) => (0, 0, 0)));
        PictureWriter.WritePng(_folder["small.png"], TestPictures.Noise(7, 64));
        File.WriteAllBytes(_folder["huge.png"], PngBytes.Huge());
        File.WriteAllText(_folder["unit.json"], "{\"kind\": \"canny\", \"picture\": \"ok.png\", \"wieght\": 0.5}");
        File.WriteAllText(_folder["list.json"], "[1, 2]");
        File.WriteAllText(_folder["no.safetensors"], "This is no checkpoint.");
        Directory.CreateDirectory(_folder["folder"]);
        File.WriteAllBytes(_folder["heic.png"], [0, 0, 0, 24, .. "ftypheic"u8, 0, 0, 0, 0, .. "mif1heic"u8]);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("-c canny=@missing.png", "--control", "missing.png|there is no such picture")]
    [InlineData("-c canny=@text.png", null, "text.png|is a text file, not a picture|PNG, JPEG, WebP, GIF and BMP")]
    [InlineData("-c canny=@truncated.png", null, "truncated.png|truncated")]
    [InlineData("-c canny=@small.png", "--control", "small.png|at least 8 x 8 pixels|7 x 64")]
    [InlineData("-c canny=@huge.png", null, "huge.png|60000 x 60000 pixels|at most 67108864")]
    [InlineData("-c cany=@ok.png", "--control", "cany|canny, hough (mlsd)|hint")]
    [InlineData("-c hint=@ok.png", "--control", "model=FILE")]
    [InlineData("-c @ok.png", "--control", "ok.png|KIND=PICTURE")]
    [InlineData("-c canny=", "--control", "canny=|KIND=PICTURE")]
    [InlineData("-c canny=@ok.png,weight=abc", "--control", "weight=abc|from 0 to 2")]
    [InlineData("-c canny=@ok.png,weight=2.1", "--control", "weight=2.1|from 0 to 2")]
    [InlineData("-c canny=@ok.png,weight=nan", "--control", "weight=NaN|from 0 to 2")]
    [InlineData("-c canny=@ok.png,wieght=0.5", "--control", "'wieght'|did you mean 'weight'?")]
    [InlineData("-c canny=@ok.png,weight=1,weight=2", "--control", "'weight' is given twice")]
    [InlineData("-c canny=@ok.png,start=0.8,end=0.2", "--control", "start=0.8|start must not be after end (0.2)")]
    [InlineData("-c canny=@ok.png,mode=strong", "--control", "mode=strong|balanced or prompt or control")]
    [InlineData("-c canny=@ok.png,resize=zoom", "--control", "resize=zoom|just or crop or fill")]
    [InlineData("-c canny=@ok.png,annotator=depth", "--control", "annotator=depth|none|canny")]
    [InlineData("-c hint=@ok.png,model=@no.safetensors,annotator=foo", "--control", "annotator=foo|none")]
    [InlineData("-c hint=@ok.png,model=@no.safetensors,resolution=256", "--control", "resolution=256|annotators")]
    [InlineData("-c canny=@ok.png,annotator=none,resolution=256", "--control", "resolution=256|annotators")]
    [InlineData("-c canny=@ok.png,low=300", "--control", "low=300|a whole number from 1 to 255")]
    [InlineData("-c canny=@ok.png,model=@none.safetensors", "--control", "none.safetensors|there is no such file", true)]
    [InlineData("-c @@unit.json", "--control", "'wieght'|did you mean 'weight'?")]
    [InlineData("-c @@list.json", "--control", "list.json|one JSON object")]
    [InlineData("-c @@none.json", "--control", "none.json|there is no such file")]
    [InlineData("-n cat<lora:ink:1>", "--negative", "--negative: The negative prompt has \"<lora:ink:1>\"|in the prompt alone")]
    [InlineData("-n [cat:[dog:a|b]]", "--negative", "[dog:a|b]|neither [a|b] nor [from:to:when]")]
    [InlineData("-n [cat|(dog:1.2.3)]", "--negative", "1.2.3|a number such as 1.2")]
    [InlineData("--vae @none.safetensors", "--vae", "none.safetensors|there is no such file")]
    [InlineData("--steps 0", "--steps", "--steps 0|from 1 to 1000")]
    [InlineData("--steps 2.5", "--steps", "--steps 2.5|whole number from 1 to 1000")]
    [InlineData("--size 13x7", "--size", "--size 13x7|WIDTHxHEIGHT|multiples of 8 from 64 to 4096")]
    [InlineData("--size 512", "--size", "--size 512|WIDTHxHEIGHT")]
    [InlineData("--size 8192x64", "--size", "--size 8192x64|4096")]
    [InlineData("--cfg nan", "--cfg", "--cfg NaN|from 1 to 30")]
    [InlineData("--cfg 0.5", "--cfg", "--cfg 0.5|from 1 to 30")]
    [InlineData("--sampler Oiler", "--sampler", "--sampler Oiler|Euler a|DPM++ 2M")]
    [InlineData("--sampler LCM --steps 60", "--steps", "--steps 60|from 1 to 50|lcm")]
    [InlineData("--prediction x0", "--prediction", "--prediction x0|auto, epsilon or v")]
    [InlineData("--scheduler karas", "--scheduler", "--scheduler karas|karras")]
    [InlineData("--seed x", "--seed", "--seed x|a whole number from 0 to 4294967295, or -1 for a random one")]
    [InlineData("--seed 4294967296", "--seed", "--seed 4294967296|from 0 to 4294967295")]
    [InlineData("--seed 18446744073709551615", "--seed", "--seed 18446744073709551615|from 0 to 4294967295")]
    [InlineData("--seed -2", "--seed", "--seed -2|from 0 to 4294967295")]
    [InlineData("--seed 4294967295 --batch 2", "--seed", "--seed 4294967295|from 0 to 4294967294 with 2 pictures")]
    [InlineData("--seed 4294967290 --batch 2 --count 5", "--seed", "--seed 4294967290|from 0 to 4294967286 with 10 pictures")]
    [InlineData("-o @ok.png", "--out", "ok.png is there already; --overwrite replaces it")]
    [InlineData("-c canny=@ok,mine.png", "--control", "'mine.png' must be name=value|stands in quotes|@unit.json")]
    [InlineData("-c canny=@a,zzzzzzzz=1.png", "--control", "no option 'zzzzzzzz'|stands in quotes|@unit.json")]
    [InlineData("--hires 2,", "--hires", "'' must be one of denoise=…")]
    [InlineData("--batch 0", "--batch", "--batch 0|from 1 to 64")]
    [InlineData("--count 0", "--count", "--count 0|from 1 to 1000")]
    [InlineData("--clip-skip 13", "--clip-skip", "--clip-skip 13|from 1 to 12")]
    [InlineData("--device gpu", "--device", "--device gpu|cpu or cuda:N")]
    [InlineData("--dtype half", "--dtype", "--dtype half|auto, fp32, bf16, fp16")]
    [InlineData("--models @none", "--models", "none|there is no such folder")]
    [InlineData("-m @none.safetensors", "--model", "none.safetensors|there is no such file|pocket")]
    [InlineData("-o @none/out.png", "--out", "none/out.png|does not exist")]
    [InlineData("-o /proc/out.png", "--out", "/proc/out.png|nothing can be written in the folder /proc")]
    [InlineData("-o /proc", "--out", "nothing can be written in the folder /proc")]
    [InlineData("-o @out.gif", "--out", "out.gif|.png or a folder that exists")]
    [InlineData("-c canny=@ok.png,layers=1:x", "--control", "layers=x|from 0 to 2")]
    [InlineData("-c canny=@ok.png,layers=1:3", "--control", "layers=3|from 0 to 2")]
    [InlineData("-c canny=@ok.png,hires=never", "--control", "hires=never|both or low or high")]
    [InlineData("-c canny=@ok.png,pooling=max", "--control", "pooling=max|auto or average or none")]
    [InlineData("-c canny=@ok.png,mask=@missing.png", "--control", "mask=|missing.png|there is no such picture")]
    [InlineData("-c canny=@ok.png,mask=@folder", "--control", "mask=|folder: is a folder, not a picture")]
    [InlineData("-c canny=@folder", "--control", "folder: there is no picture in this folder")]
    [InlineData("-c depth=@folder", "--control", "folder: there is no picture in this folder")]
    [InlineData("-c pose=@folder", "--control", "folder: there is no picture in this folder")]
    [InlineData("--init @folder", "--init", "folder: is a folder, not a picture")]
    [InlineData("--init @ok.png --mask @folder", "--mask", "folder: is a folder, not a picture")]
    [InlineData("-c canny=@heic.png", null, "heic.png|is a HEIC picture, which is not read|PNG, JPEG, WebP, GIF and BMP")]
    [InlineData("-c canny=@ok.png,inpaint=@ok.png", "--control", "inpaint=|annotator=none")]
    [InlineData("--denoise 0.5", "--denoise", "--denoise needs --init")]
    [InlineData("--mask @ok.png", "--mask", "--mask needs --init")]
    [InlineData("--only-masked", "--only-masked", "--only-masked needs --init")]
    [InlineData("--init @ok.png --mask-blur 3", "--mask-blur", "--mask-blur needs --mask")]
    [InlineData("--init @ok.png --mask @ok.png --mask-padding 3", "--mask-padding", "--mask-padding needs --only-masked")]
    [InlineData("--init @missing.png", "--init", "missing.png|there is no such picture")]
    [InlineData("--init @text.png", null, "text.png|is a text file")]
    [InlineData("--init @ok.png --denoise 1.5", "--denoise", "--denoise 1.5|from 0 to 1")]
    [InlineData("--init @ok.png --mask @missing.png", "--mask", "missing.png|there is no such picture")]
    [InlineData("--init @ok.png --mask @small.png", "--mask", "small.png|7 x 64 pixels, the picture 64 x 64")]
    [InlineData("--init @ok.png --mask @black.png", "--mask", "black.png|must have white pixels")]
    [InlineData("--init @ok.png --mask @ok.png --mask-blur 65", "--mask-blur", "--mask-blur 65|from 0 to 64")]
    [InlineData("--init @ok.png --mask @ok.png --masked-content grey", "--masked-content", "--masked-content grey|fill or original or noise or nothing")]
    [InlineData("--init @ok.png --mask @ok.png --only-masked --mask-padding 300", "--mask-padding", "--mask-padding 300|from 0 to 256")]
    [InlineData("--hires 5", "--hires", "--hires 5|from 1 to 4")]
    [InlineData("--hires 2,denoise=2", "--hires", "denoise=2|from 0 to 1")]
    [InlineData("--hires 2,steps=0", "--hires", "steps=0|from 1 to 1000")]
    [InlineData("--hires 2,steps=100,denoise=0.01", "--hires", "at most 1000")]
    [InlineData("--hires 2,upscaler=esrgan", "--hires", "upscaler=esrgan|latent, latent-bicubic")]
    [InlineData("--hires 2,strength=1", "--hires", "'strength=1'|denoise=…, steps=…, upscaler=…")]
    [InlineData("--hires 2 --init @ok.png", "--hires", "--hires 2|from noise")]
    [InlineData("--upscale 9", "--upscale", "--upscale 9|from 1 to 8")]
    [InlineData("--upscale 2,tile=100", "--upscale", "--upscale tile=100|multiple of 8")]
    [InlineData("--upscale 2,tile=128,overlap=96", "--upscale", "overlap=96|at most half of tile (128)")]
    [InlineData("--upscale 2,denoise=x", "--upscale", "denoise=x|from 0 to 1")]
    [InlineData("--upscale 2,upscaler=latent", "--upscale", "upscaler=latent|lanczos, bicubic, nearest")]
    [InlineData("--upscale 2,upscaler=esrgan", "--upscale", "upscaler=esrgan|latent, latent-bicubic|or a file|Searched in")]
    [InlineData("--upscale 2,control=edges", "--upscale", "control=edges|canny, hough")]
    [InlineData("--upscale 2,control=tile", "--upscale", "control=tile|embedded model has no ControlNet for tile")]
    [InlineData("--upscale 2,model=@no.safetensors", "--upscale", "model=|needs")]
    [InlineData("--upscale 2,control=hint,weight=1", "--upscale", "a control of the kind hint needs a model")]
    [InlineData("--upscale 2,control=canny,weight=3", "--upscale", "weight=3|from 0 to 2")]
    [InlineData("--upscale 2,strength=1", "--upscale", "'strength=1'|tile=…, overlap=…")]
    [InlineData("--upscale 2 --hires 2", "--upscale", "cannot be given together with hires")]
    [InlineData("--upscale 2 --tiling", "--upscale", "cannot be given together with tiling")]
    [InlineData("--upscale 2 --init @ok.png --denoise 0.5", "--denoise", "--denoise 0.5|how much is made anew")]
    [InlineData("--manifest none", "--manifest", "--manifest none|embed or link")]
    [InlineData("--stepz 3", "--stepz", "--stepz")]
    public Task Generate_WithWrongInput_SaysSoOnce(string wrong, string? option, string expected, bool withModel = false) =>
        AssertRefused($"generate -p cat {wrong}{(wrong.StartsWith("-o") ? "" : " -o @out.png")}{(withModel ? " -m @no.safetensors" : "")}", 2, option, expected);

    [Theory]
    [InlineData("cat<lora:none:1>", "--prompt: The prompt asks for the LoRA \"none\"|Searched in")]
    [InlineData("cat<lora:none:strong>", "--prompt: The prompt has \"<lora:none:strong>\"|\"strong\" must be a number")]
    [InlineData("cat<hypernet:none:1>", "<hypernet:none:1>|not supported")]
    [InlineData("(cat_AND_dog)", "AND inside of brackets")]
    [InlineData("[a:b:c:0.5]", "[a:b:c:0.5]|3 colons")]
    public Task Generate_WithAPromptThatCannotBeRead_SaysSoOnce(string prompt, string expected) =>
        AssertRefused("generate -p " + prompt.Replace("_", "\u2002", StringComparison.Ordinal) + " -o @out.png -m @no.safetensors", 2, "--prompt", expected);

    [Theory]
    [InlineData("canny @missing.png -o @out.png", "picture", "missing.png|there is no such picture")]
    [InlineData("canny @folder -o @out.png", "picture", "folder: is a folder, not a picture")]
    [InlineData("depth @folder -o @out.png", "picture", "folder: is a folder, not a picture")]
    [InlineData("canny @text.png -o @out.png", null, "text.png|is a text file, not a picture")]
    [InlineData("canny @truncated.png -o @out.png", null, "truncated.png|truncated")]
    [InlineData("canny @huge.png -o @out.png", null, "huge.png|60000 x 60000 pixels|at most 67108864")]
    [InlineData("cany @ok.png -o @out.png", "kind", "cany|canny, hough (mlsd)")]
    [InlineData("hint @ok.png -o @out.png", "kind", "\"hint\"|canny")]
    [InlineData("canny @ok.png -o @none/out.png", "--out", "none/out.png|does not exist")]
    [InlineData("canny @ok.png -o @ok.png", "--out", "ok.png is there already; --overwrite replaces it")]
    [InlineData("canny @ok.png -o @out.jpg", "--out", "out.jpg|ending in .png")]
    [InlineData("canny @ok.png -o @out.png --option low", "--option", "low|NAME=VALUE")]
    [InlineData("canny @ok.png -o @out.png --option lowe=3", "--option", "\"lowe\"|low, high")]
    [InlineData("canny @ok.png -o /proc/out.png", "--out", "nothing can be written in the folder /proc")]
    [InlineData("canny @ok.png -o @out.png --option low=1 --option low=2", "--option", "low=2|'low' is given twice")]
    [InlineData("canny @ok.png -o @out.png --option low=abc", "--option", "low|\"abc\"|a whole number from 1 to 255")]
    [InlineData("canny @ok.png -o @out.png --option low=0", "--option", "low|a whole number from 1 to 255")]
    [InlineData("canny @ok.png -o @out.png --resolution 9", "--resolution", "--resolution 9|from 64 to 2048")]
    public Task Annotate_WithWrongInput_SaysSoOnce(string arguments, string? option, string expected) => AssertRefused($"annotate {arguments}", 2, option, expected);

    [Theory]
    [InlineData("@missing.png", "picture", "missing.png|there is no such picture")]
    [InlineData("@text.png", null, "text.png|is a text file, not a picture")]
    [InlineData("@ok.png -o @out.jpg", "--out", "out.jpg|ending in .png")]
    [InlineData("@ok.png -o @ok.png", "--out", "ok.png is there already; --overwrite replaces it")]
    [InlineData("@ok.png -o @out.png --scale 17", "--scale", "--scale 17|from 1 to 16")]
    [InlineData("@ok.png -o @out.png --tile 16", "--tile", "--tile 16|from 32 to 2048")]
    [InlineData("@ok.png -o @out.png --overlap 100", "--overlap", "--overlap 100|at most half of tile (192)")]
    [InlineData("@ok.png -o @out.png --model latent", "--model", "--model latent|works on latents")]
    [InlineData("@ok.png -o @out.png --model 4x-UltraSharp", "--model", "4x-UltraSharp|lanczos, bicubic, nearest, or a file|Searched in")]
    [InlineData("@ok.png -o @out.png --models @none", "--models", "there is no such folder")]
    public Task Upscale_WithWrongInput_SaysSoOnce(string arguments, string? option, string expected) => AssertRefused($"upscale {arguments}", 2, option, expected);

    [Theory]
    [InlineData("models convert @no.safetensors @ok.png", 2, "ok.png is there already; --overwrite replaces it")]
    [InlineData("models inspect @none.safetensors", 2, "none.safetensors|there is no such file")]
    [InlineData("models inspect @no.safetensors", 3, "no.safetensors|a text and no checkpoint")]
    [InlineData("generate -p cat -o @out.png -m @no.safetensors", 3, "no.safetensors|a text and no checkpoint")]
    [InlineData("generate -p cat -o @out.png -m @no.safetensors --device cuda:99", 3, "--device cuda:99")]
    [InlineData("generate -p x --original-size 512", 2, "--original-size|512|WIDTHxHEIGHT+LEFT+TOP")]
    [InlineData("generate -p x --original-size 512x512", 2, "--original-size 512x512+0+0|is for SDXL|SD 1.x")]
    [InlineData("bench decode --family sd3", 2, "--family sd3|sd15, sd21 or sdxl")]
    [InlineData("bench load -m @no.safetensors --family sd15", 2, "--family sd15|its own")]
    public Task CheckpointOrMachine_ThatCannotBeUsed_IsRefused(string arguments, int exitCode, string expected) => AssertRefused(arguments, exitCode, null, expected);

    [Theory]
    [InlineData("generate -o out.png", "--prompt")]
    [InlineData("annotate canny -o out.png", "annotate")]
    [InlineData("paint a cat", "paint")]
    public async Task CommandLine_ThatIsIncomplete_NamesWhatIsMissing(string arguments, string expected)
    {
        var run = await CommandRun.Of(arguments.Split(' '));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Checkpoint_ThatIsTruncatedOrLiesAboutItsHeader_IsRefusedWithItsName()
    {
        var whole = await File.ReadAllBytesAsync(TinyModel.WriteModel(_folder["model.safetensors"]), TestContext.Current.CancellationToken);
        File.WriteAllBytes(_folder["half.safetensors"], whole[..(whole.Length / 2)]);
        File.WriteAllBytes(_folder["start.safetensors"], whole[..100]);
        File.WriteAllBytes(_folder["lies.safetensors"], [.. BitConverter.GetBytes(1UL << 62), .. whole[8..]]);
        foreach (var (file, expected) in new[] { ("half", "truncated"), ("start", "header"), ("lies", "4611686018427387904") })
        {
            await AssertRefused($"generate -p cat -o @out.png -m @{file}.safetensors", 3, null, $"{file}.safetensors|{expected}", $"{file}.safetensors");
            await AssertRefused($"generate -p cat -o @out.png -m @model.safetensors -c canny=@ok.png,model=@{file}.safetensors", 3, null, $"{file}.safetensors|{expected}", $"{file}.safetensors");
            await AssertRefused($"models inspect @{file}.safetensors", 3, null, $"{file}.safetensors|{expected}", $"{file}.safetensors");
        }
    }

    [Fact]
    public async Task ControlNet_OfAnotherFamily_IsRefusedWithBothFamiliesAndTheFirstKeys()
    {
        TinyModel.WriteModel(_folder["model.safetensors"]);
        TinyModel.WriteControlNet(_folder["sd21.safetensors"], TinyModel.Sd21Shaped);
        var arguments = "generate -p cat -o @out.png -m @model.safetensors -c canny=@ok.png,model=@sd21.safetensors";
        var error = await AssertRefused(arguments, 3, null, $"sd21.safetensors|SD 2.x|1024|context {TinyModel.Width}|attn2.to_k.weight", "sd21.safetensors");
        Assert.NotEmpty(error.GetProperty("keys").EnumerateArray());
    }

    [Fact]
    public async Task File_ThatCannotBeOpened_IsRefusedWithItsName()
    {
        using var unit = new FileStream(_folder["unit.json"], FileMode.Open, FileAccess.Read, FileShare.None);
        using var checkpoint = new FileStream(_folder["no.safetensors"], FileMode.Open, FileAccess.Read, FileShare.None);
        await AssertRefused("generate -p cat -o @out.png -c @@unit.json", 2, "--control", "unit.json|cannot be read");
        await AssertRefused("generate -p cat -o @out.png -m @no.safetensors", 3, null, "no.safetensors|cannot be opened", "no.safetensors");
        await AssertRefused("models inspect @no.safetensors", 3, null, "no.safetensors|cannot be opened", "no.safetensors");
    }

    [Fact]
    public async Task Picture_OfValuesThatAreNotNumbers_IsNotWritten_NorAreItsMaps()
    {
        TinyModel.WriteModel(_folder["model.safetensors"], tensors => tensors["first_stage_model.decoder.conv_out.bias"].fill_(float.NaN));
        TinyModel.WriteControlNet(_folder["control.safetensors"]);
        await AssertRefused("generate -p cat -o @out.png -m @model.safetensors --steps 1 --size 64x64 --save-maps -c canny=@ok.png,model=@control.safetensors", 3, null, "not numbers|--dtype fp32");
    }

    [Fact]
    public async Task ControlNet_ThatIsNotPublishedForTheModelsFamily_IsNotTaken()
    {
        TinyModel.WriteModel(_folder["model.safetensors"], unet: TinyModel.Sd21Shaped);
        TinyModel.WriteControlNet(_folder["control_v11p_sd15_canny.safetensors"]);
        await AssertRefused("generate -p cat -o @out.png -m @model.safetensors -c canny=@ok.png", 2, "--control", "the model's family|control_v11p_sd21_canny.safetensors");
    }

    [Fact]
    public async Task ControlNet_OfAnotherFamily_IsRefusedBeforeTheModelsWeightsAreRead()
    {
        WriteEmptyWeights(_folder["full.safetensors"], "key_manifest_sd15_ldm.json");
        WriteEmptyWeights(_folder["other.safetensors"], "key_manifest_sd21_controlnet_ldm.json");
        var before = MachineMemory.PeakBytes;
        await AssertRefused("generate -p cat -o @out.png -m @full.safetensors -c canny=@ok.png,model=@other.safetensors", 3, null, "other.safetensors|for SD 2.x|is SD 1.x");
        // The weights are 2 GB in the file, and as much or twice that in memory.
        Assert.True(MachineMemory.PeakBytes - before < 1L << 30, $"{(MachineMemory.PeakBytes - before) >> 20} MiB more were used at the peak");
    }

    [Fact]
    public async Task Checkpoint_OfAnotherKind_IsRefusedWithWhatItLacks()
    {
        TinyModel.WriteModel(_folder["model.safetensors"]);
        TinyModel.WriteControlNet(_folder["control.safetensors"]);
        await AssertRefused("generate -p cat -o @out.png -m @control.safetensors", 3, null, "control.safetensors|not a Stable Diffusion model|model.diffusion_model.input_blocks.0.0.weight");
        await AssertRefused("generate -p cat -o @out.png -m @model.safetensors -c canny=@ok.png,model=@model.safetensors", 3, null, "not a ControlNet|input_hint_block.0.weight");
    }

    /// <summary>A checkpoint of full size whose weights are a hole in the file.</summary>
    private static void WriteEmptyWeights(string path, string manifest)
    {
        var (header, offset) = (new JsonObject(), 0L);
        foreach (var key in Goldens.Json(manifest).GetProperty("keys").EnumerateObject())
        {
            var bytes = key.Value.EnumerateArray().Aggregate(2L, (product, size) => product * size.GetInt64());
            header[key.Name] = new JsonObject { ["dtype"] = "F16", ["shape"] = JsonNode.Parse(key.Value.GetRawText()), ["data_offsets"] = new JsonArray(offset, offset + bytes) };
            offset += bytes;
        }

        var json = Encoding.UTF8.GetBytes(header.ToJsonString());
        using var file = File.Create(path);
        file.Write(BitConverter.GetBytes((ulong)json.Length));
        file.Write(json);
        file.SetLength(file.Position + offset);
    }

    /// <summary>Runs with and without --json; @ stands for the test's folder. Gives the error object of the JSON run.</summary>
    private async Task<JsonElement> AssertRefused(string arguments, int exitCode, string? option, string expected, string? file = null)
    {
        // A unit @FILE keeps its own @.
        var line = arguments.Replace("@@", "\0").Replace("@", _folder.Path + "/").Replace("\0", "@" + _folder.Path + "/").Split(' ');
        var before = _folder.Listing();
        var (plain, withJson) = (await CommandRun.Of(line), await CommandRun.Of([.. line, "--json"]));
        Assert.Equal(before, _folder.Listing());

        var error = withJson.Json.GetProperty("error");
        foreach (var text in expected.Split('|'))
        {
            Assert.Contains(text, plain.Message, StringComparison.Ordinal);
            Assert.Contains(text, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        }

        Assert.Equal((exitCode, exitCode), (plain.ExitCode, withJson.ExitCode));
        Assert.Empty(plain.Result);
        Assert.Single(plain.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("controlnet: ", plain.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", plain.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(" at ControlNetSharp", plain.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.GetProperty("code").GetString()!);
        if (option is not null)
        {
            Assert.Equal(option, error.GetProperty("option").GetString());
        }

        if (file is not null)
        {
            Assert.Equal(_folder[file], error.GetProperty("file").GetString());
        }

        return error;
    }
}
