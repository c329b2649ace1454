using System.Diagnostics;
using System.Text.Json;
using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Cli;
using ControlNetSharp.Models;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Pictures;
using TorchSharp;
using Xunit;

namespace ControlNetSharp.Tests.Cli;

public sealed class CommandLineTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public CommandLineTests() => PictureWriter.WritePng(_folder["square.png"], TestPictures.Square(96, 64));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Generate_WithATinyCheckpointAndAUnit_WritesOnePictureThatTellsHowItWasMade()
    {
        var json = await Generate("one.png", "--seed", "5", "-c", Unit("weight=0.5"), "--save-maps");
        Assert.Equal([_folder["one.png"]], Strings(json.GetProperty("files")));
        Assert.Equal(5, json.GetProperty("seed").GetInt64());
        Assert.All(["secondsPerStep", "totalSeconds", "peakMemoryBytes"], key => Assert.True(json.GetProperty(key).GetDouble() > 0, key));

        var map = PictureReader.Read(Assert.Single(Strings(json.GetProperty("maps"))));
        Assert.Equal(Canny.Detect(TestPictures.Square(96, 64), 100, 200).Bytes(), map.Bytes());

        var texts = PngTexts.Read(_folder["one.png"]);
        Assert.StartsWith("a cat\nSteps: 2, Sampler: Euler,", texts["parameters"], StringComparison.Ordinal);
        Assert.Contains("Seed: 5, Size: 64x64", texts["parameters"], StringComparison.Ordinal);
        using var manifest = JsonDocument.Parse(texts["controlnetsharp"]);
        var root = manifest.RootElement;
        Assert.Equal(("a cat", 5L, 2), (root.GetProperty("prompt").GetString(), root.GetProperty("seed").GetInt64(), root.GetProperty("steps").GetInt32()));
        var unit = root.GetProperty("units")[0];
        Assert.Equal(("canny", 0.5, 64), (unit.GetProperty("kind").GetString(), unit.GetProperty("weight").GetDouble(), unit.GetProperty("picture").GetProperty("sha256").GetString()!.Length));
        var picture = PictureReader.Read(_folder["one.png"]);
        Assert.Equal((64, 64), (picture.Width, picture.Height));
    }

    [Fact]
    public async Task Generate_WithTheSameSeed_GivesTheSamePixels_AndAUnitOrAnotherSeedGivesOthers()
    {
        await Generate("first.png", "--seed", "5");
        await Generate("again.png", "--seed", "5");
        await Generate("other.png", "--seed", "6");
        await Generate("controlled.png", "--seed", "5", "-c", Unit("weight=1"));
        await Generate("weightless.png", "--seed", "5", "-c", Unit("weight=0"));
        byte[] Pixels(string file) => PictureReader.Read(_folder[file]).Bytes();
        Assert.Equal(Pixels("first.png"), Pixels("again.png"));
        Assert.NotEqual(Pixels("first.png"), Pixels("other.png"));
        Assert.NotEqual(Pixels("first.png"), Pixels("controlled.png"));
        Assert.Equal(Pixels("first.png"), Pixels("weightless.png"));
    }

    [Fact]
    public async Task Generate_WithAModelWithoutAutoencoder_TakesThatOfTheOtherFile_AndSaysWhichEmbeddingsThePromptHas()
    {
        var whole = TinyModel.WriteModel(_folder["whole.safetensors"]);
        TinyModel.WriteControlNet(_folder["control.safetensors"]);
        var model = TinyModel.WriteModel(_folder["bare.safetensors"], tensors => tensors.Keys.Where(name => name.StartsWith(TinyModel.AutoencoderPrefix, StringComparison.Ordinal)).ToList().ForEach(name => tensors.Remove(name)));
        Directory.CreateDirectory(_folder["embeddings"]);
        SafetensorsWriter.Write(_folder["embeddings/a.safetensors"], new Dictionary<string, torch.Tensor> { ["emb_params"] = torch.ones(2, TinyModel.Width) });
        string[] arguments = ["generate", "-p", "a cat", "-m", model, "--steps", "1", "--size", "64x64", "--seed", "5", "-c", Unit("weight=0.5"), "-o", _folder["bare.png"], "--overwrite"];
        var run = await CommandRun.Of([.. arguments, "--vae", whole]);
        Assert.True(run.ExitCode == 0, run.Message);
        Assert.Contains($"\"a\" in the prompts is the embedding {_folder["embeddings/a.safetensors"]}", run.Message, StringComparison.Ordinal);
        var without = await CommandRun.Of(arguments);
        Assert.Equal(3, without.ExitCode);
        Assert.Contains("no Autoencoder", without.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_WithAnotherAutoencoder_DecodesWithIt()
    {
        var own = TinyModel.WriteModel(_folder["own.safetensors"]);
        var other = TinyModel.WriteModel(_folder["other.safetensors"], tensors => tensors[TinyModel.AutoencoderPrefix + "decoder.conv_out.bias"].add_(0.5));
        await Generate("plain.png", "--seed", "5");
        await Generate("own.png", "--seed", "5", "--vae", own);
        await Generate("other.png", "--seed", "5", "--vae", other);
        byte[] Pixels(string file) => PictureReader.Read(_folder[file]).Bytes();
        Assert.Equal(Pixels("plain.png"), Pixels("own.png"));
        Assert.NotEqual(Pixels("plain.png"), Pixels("other.png"));
        using var manifest = JsonDocument.Parse(PngTexts.Read(_folder["other.png"])["controlnetsharp"]);
        Assert.Equal("other.safetensors", manifest.RootElement.GetProperty("resolved").GetProperty("vae").GetProperty("name").GetString());
    }

    [Fact]
    public async Task Generate_WithBatchAndCount_NumbersTheFilesAndTheSeedsThrough()
    {
        var files = Strings((await Generate("many.png", "--seed", "7", "--batch", "2", "--count", "2")).GetProperty("files"));
        Assert.Equal(["many-0000.png", "many-0001.png", "many-0002.png", "many-0003.png"], files.Select(Path.GetFileName));
        var last = await Generate("last.png", "--seed", "10");
        // Sums in a batch are taken in another order; a byte may fall on the other side of a step.
        PictureAssert.WithinLevels(PictureReader.Read(_folder["last.png"]), PictureReader.Read(files[3]), 1, "picture 4 of two batches of two");
        Assert.Contains("Seed: 10,", PngTexts.Read(files[3])["parameters"], StringComparison.Ordinal);
        Assert.Single(Strings(last.GetProperty("files")));
    }

    [Fact]
    public async Task Generate_WithoutSize_TakesTheHintsAspectRatio()
    {
        // An area of 128 x 128 in the hint's ratio, each side rounded to a multiple of 64: 157 x 105 for 3 : 2.
        TinyModel.WriteControlNet(_folder["control.safetensors"]);
        TinyModel.WriteModel(_folder["model.safetensors"], metadata: (TinyModel.Metadata with { NativeSize = 128 }).Write());
        await CommandRun.JsonOf("generate", "-p", "a cat", "-m", _folder["model.safetensors"], "-o", _folder["wide.png"], "--overwrite", "--steps", "1", "--dtype", "fp32", "-c", Unit("weight=1"));
        var picture = PictureReader.Read(_folder["wide.png"]);
        Assert.Equal((128, 128), (picture.Width, picture.Height));

        PictureWriter.WritePng(_folder["square.png"], TestPictures.Square(256, 64));
        await CommandRun.JsonOf("generate", "-p", "a cat", "-m", _folder["model.safetensors"], "-o", _folder["wide.png"], "--overwrite", "--steps", "1", "--dtype", "fp32", "-c", Unit("weight=1"));
        picture = PictureReader.Read(_folder["wide.png"]);
        Assert.Equal((256, 64), (picture.Width, picture.Height));
    }

    [Fact]
    public async Task Generate_WhenCancelled_Exits130WithoutAPicture()
    {
        TinyModel.WriteModel(_folder["model.safetensors"]);
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        var before = _folder.Listing();
        var run = await CommandRun.Of(["generate", "-p", "a cat", "-m", _folder["model.safetensors"], "-o", _folder["none.png"], "--json"], stop.Token);
        Assert.Equal(130, run.ExitCode);
        Assert.Equal("cancelled", run.Json.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(before, _folder.Listing());
    }

    [Fact]
    public async Task Generate_WithSidesThatAreNoMultiplesOf64_MakesThemWithAndWithoutAUnit()
    {
        foreach (var (file, more) in new[] { ("plain.png", Array.Empty<string>()), ("controlled.png", ["-c", Unit("weight=1")]) })
        {
            await Generate(file, ["--size", "72x88", "--seed", "5", .. more]);
            var picture = PictureReader.Read(_folder[file]);
            Assert.Equal((72, 88), (picture.Width, picture.Height));
        }

        Assert.NotEqual(PictureReader.Read(_folder["plain.png"]).Bytes(), PictureReader.Read(_folder["controlled.png"]).Bytes());
    }

    [Fact]
    public async Task Generate_WithoutSize_IsNotShapedByAUnitOfWeightZero()
    {
        PictureWriter.WritePng(_folder["square.png"], TestPictures.Square(256, 64));
        TinyModel.WriteModel(_folder["model.safetensors"]);
        await CommandRun.JsonOf("generate", "-p", "a cat", "-m", _folder["model.safetensors"], "-o", _folder["native.png"], "--steps", "1", "-c", Unit("weight=0"));
        var picture = PictureReader.Read(_folder["native.png"]);
        Assert.Equal((TinyModel.NativeSize, TinyModel.NativeSize), (picture.Width, picture.Height));
    }

    [Fact]
    public async Task Generate_CancelledInTheSecondBatch_SaysHowManyPicturesWereWritten()
    {
        await Generate("first.png", "--seed", "5");
        using var stop = new CancellationTokenSource();
        using var result = new StringWriter();
        // The progress of two steps of the first batch, then of the first step of the second.
        using var message = new CancellingWriter(3, stop);
        string[] arguments = ["generate", "-p", "a cat", "-m", _folder["model.safetensors"], "-o", _folder["many.png"], "--steps", "2", "--size", "64x64", "--count", "2", "--save-maps", "-c", Unit("weight=1")];
        Assert.Equal(130, await ControlNetCli.RunAsync(arguments, new CommandOutput(result, message, IsTerminal: true), stop.Token));
        Assert.EndsWith("controlnet: Cancelled; 1 of 2 pictures were written.", message.ToString().TrimEnd(), StringComparison.Ordinal);
        Assert.Equal(["many-0000.png", "many-map0-canny.png"], Directory.GetFiles(_folder.Path, "many*").Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Generate_OnATerminal_ReportsOnALineOfItsOwn()
    {
        await Generate("first.png");
        using var stop = new CancellationTokenSource();
        using var result = new StringWriter();
        using var message = new StringWriter();
        string[] arguments = ["generate", "-p", "a cat", "-m", _folder["model.safetensors"], "-o", _folder["again.png"], "--steps", "2", "--size", "64x64", "--seed", "5"];
        Assert.Equal(0, await ControlNetCli.RunAsync(arguments, new CommandOutput(result, message, IsTerminal: true), stop.Token));
        Assert.Contains("2/2", message.ToString(), StringComparison.Ordinal);
        Assert.Contains(message.ToString().Split('\n'), line => line.StartsWith("Seed 5, 2 steps", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Generate_WithPrediction_OverridesWhatTheModelSays_AndTellsWhichItWas()
    {
        async Task<(byte[] Pixels, string? Prediction)> With(string prediction)
        {
            var file = $"{prediction}.png";
            await Generate(file, "--seed", "5", "--prediction", prediction);
            using var manifest = JsonDocument.Parse(PngTexts.Read(_folder[file])["controlnetsharp"]);
            return (PictureReader.Read(_folder[file]).Bytes(), manifest.RootElement.GetProperty("prediction").GetString());
        }

        var (auto, epsilon, velocity) = (await With("auto"), await With("epsilon"), await With("v"));
        Assert.Equal(("v", "epsilon", "v"), (auto.Prediction, epsilon.Prediction, velocity.Prediction));
        Assert.Equal(auto.Pixels, velocity.Pixels);
        Assert.NotEqual(epsilon.Pixels, velocity.Pixels);
    }

    [Fact]
    public void Generate_OfAnSd2ModelThatDoesNotSayWhatItPredicts_SaysIt()
    {
        var request = new GenerationRequest { Prompt = "" };
        string? Warning(int context, PredictionType? said, PredictionType? asked = null) =>
            GenerationRun.PredictionWarning(request with { Prediction = asked }, ModelFamily.Of(context), said, "sd2.safetensors")?.Text;
        Assert.Contains("sd2.safetensors does not say what its UNet predicts", Warning(1024, null), StringComparison.Ordinal);
        Assert.Equal([null, null, null], [Warning(1024, PredictionType.Epsilon), Warning(768, null), Warning(1024, null, PredictionType.Velocity)]);
    }

    [Fact]
    public async Task Generate_WithALongPrompt_ReadsAllOfIt_AndWithEmphasisWeighsIt()
    {
        string Cats(string last) => string.Join(' ', Enumerable.Repeat("cat", 90)) + " " + last;
        async Task<byte[]> Pixels(string prompt)
        {
            var run = await CommandRun.Of(["generate", "-m", TinyModel.WriteModel(_folder["model.safetensors"]), "-o", _folder["long.png"], "--overwrite", "--steps", "2", "--size", "64x64", "--seed", "5", "--dtype", "fp32", "-p", prompt]);
            Assert.Equal((0, false), (run.ExitCode, run.Message.Contains("cut", StringComparison.Ordinal)));
            return PictureReader.Read(_folder["long.png"]).Bytes();
        }

        Assert.NotEqual(await Pixels(Cats("dog")), await Pixels(Cats("house")));
        Assert.NotEqual(await Pixels("a cat (on a red house:1.9)"), await Pixels("a cat on a red house"));
        Assert.Equal(await Pixels("a cat (on a red house:1)"), await Pixels("a cat on a red house"));
    }

    [Theory]
    [InlineData("sd15", "canny", "control_v11p_sd15_canny")]
    [InlineData("sd15", "hed", "control_v11p_sd15_softedge")]
    [InlineData("sd21", "canny", "control_v11p_sd21_canny")]
    [InlineData("sd21", "hed", "control_v11p_sd21_hed")]
    [InlineData("sdxl", "canny", "controlnet-canny-sdxl-1.0")]
    [InlineData("sdxl", "depth", "diffusers_xl_depth_full")]
    public void FindControlNet_WithTheFilesOfAllFamilies_TakesTheModels(string family, string kind, string expected)
    {
        var model = TinyModel.WriteModel(_folder["model.safetensors"], unet: family switch
        {
            "sd21" => TinyModel.Sd21Shaped,
            "sdxl" => TinyModel.Sdxl with { ContextChannels = 2048 },
            _ => null,
        });
        foreach (var name in new[] { "control_v11p_sd15_canny", "control_v11p_sd21_canny", "control_v11p_sd15_softedge", "control_v11p_sd21_hed", "controlnet-canny-sdxl-1.0", "diffusers_xl_depth_full" })
        {
            File.WriteAllText(_folder[name + ".safetensors"], "");
        }

        using var files = CheckpointFiles.Open(model);
        var found = new ModelFinder().ControlNetFor(ConditionKind.Find(kind).Name, CheckpointKind.FamilyOf(files.Shapes), model);
        Assert.Equal(_folder[expected + ".safetensors"], found);
    }

    [Fact]
    public async Task Generate_WithAControlNetOfAnotherFamily_NamesBothAndTheFilesThatWouldFit()
    {
        var model = TinyModel.WriteSdxl(_folder["model.safetensors"]);
        var wrong = TinyModel.WriteControlNet(_folder["wrong.safetensors"]);
        Directory.CreateDirectory(_folder["more"]);
        var right = TinyModel.WriteControlNet(_folder["more/right.safetensors"], TinyModel.Sdxl);
        PictureWriter.WritePng(_folder["hint.png"], TestPictures.Square(64, 64));
        Task<CommandRun> Generate(string control) => CommandRun.Of(["generate", "-p", "a cat", "-m", model, "-o", _folder["out.png"], "--steps", "2", "--size", "64x64", "--seed", "5", "--dtype", "fp32",
            "--models", _folder["more"], "--control", $"canny={_folder["hint.png"]},annotator=none,model={control}"]);
        var run = await Generate(wrong);
        Assert.Equal((3, false), (run.ExitCode, File.Exists(_folder["out.png"])));
        Assert.All([wrong, $"for SD 1.x layout with context {TinyModel.Width}", $"is SDXL layout with context {TinyModel.Sdxl.ContextChannels}", $"These are ControlNets for that model: {right}."], text => Assert.Contains(text, run.Message, StringComparison.Ordinal));
        run = await Generate(right);
        Assert.True(run.ExitCode == 0, run.Message);
        Assert.True(PictureReader.Read(_folder["out.png"]).Bytes().Distinct().Count() > 50);
    }

    [Theory]
    [InlineData(59, "00:59")]
    [InlineData(3599, "59:59")]
    [InlineData(3600, "1:00:00")]
    [InlineData(90061, "25:01:01")]
    public void ProgressClock_ShowsHoursWhereThereAreAny(int seconds, string expected) => Assert.Equal(expected, ProgressBar.Clock(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public async Task BenchDecode_NamesFamilyAndBatch()
    {
        var json = await CommandRun.JsonOf("bench", "decode", "--family", "sd21", "--size", "64", "--batch", "2", "--dtype", "fp32");
        Assert.Equal(("sd21", 64, 64, 2), (json.GetProperty("family").GetString(), json.GetProperty("width").GetInt32(), json.GetProperty("height").GetInt32(), json.GetProperty("batch").GetInt32()));
        Assert.True(json.GetProperty("secondsPerImage").GetDouble() > 0);
        Assert.Equal(130, (await CommandRun.Of(["bench", "decode", "--size", "64"], new CancellationToken(canceled: true))).ExitCode);
    }

    [Fact]
    public async Task Program_WithoutAWritableCache_LoadsLibtorchAllTheSame()
    {
        File.WriteAllText(_folder["no.safetensors"], "This is no checkpoint.");
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "controlnet.dll"), "generate", "-p", "cat", "-m", _folder["no.safetensors"], "-o", _folder["out.png"]]) { UseShellExecute = false, RedirectStandardError = true };
        start.Environment["XDG_CACHE_HOME"] = "/proc/none";
        using var process = Process.Start(start)!;
        var message = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(3, process.ExitCode);
        Assert.Contains("no.safetensors: it is a text and no checkpoint", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Annotate_WithOptions_WritesTheAnnotatorsHint()
    {
        var picture = TestPictures.Noise(40, 30);
        PictureWriter.WritePng(_folder["noise.png"], picture);
        var json = await CommandRun.JsonOf("annotate", "canny", _folder["noise.png"], "-o", _folder["hint.png"], "--option", "low=50", "--option", "high=250");
        Assert.Equal((_folder["hint.png"], "canny"), (json.GetProperty("file").GetString(), json.GetProperty("kind").GetString()));
        Assert.True(json.GetProperty("seconds").GetDouble() > 0);
        Assert.Equal(Canny.Detect(picture, 50, 250).Bytes(), PictureReader.Read(_folder["hint.png"]).Bytes());

        var plain = await CommandRun.Of(["annotate", "canny", _folder["noise.png"], "-o", _folder["large.png"], "--resolution", "128"]);
        Assert.Equal((0, _folder["large.png"]), (plain.ExitCode, plain.Result.Trim()));
        var large = PictureReader.Read(_folder["large.png"]);
        Assert.Equal((192, 128), (large.Width, large.Height));
    }

    [Fact]
    public async Task Generate_WithAHintOfTheWrongPolarity_SaysWhatMendsIt()
    {
        var edges = Canny.Detect(TestPictures.Square(96, 64), 100, 200);
        PictureWriter.WritePng(_folder["dark.png"], new Picture(96, 64, [.. edges.Bytes().Select(value => (byte)(255 - value))]));
        await Generate("first.png");
        async Task<CommandRun> With(string options) => await CommandRun.Of(
            ["generate", "-m", _folder["model.safetensors"], "-o", _folder["polarity.png"], "--overwrite", "--steps", "1", "--size", "64x64", "-p", "a", "-c", $"canny={_folder["dark.png"]},{options},model={_folder["control.safetensors"]}"]);
        TinyModel.WriteControlNet(_folder["control.safetensors"]);
        var wrong = await With("annotator=none,channels=bgr");
        Assert.Equal((0, true), (wrong.ExitCode, wrong.Message.Contains("dark.png: it has dark lines on light ground", StringComparison.Ordinal)));
        using var manifest = JsonDocument.Parse(PngTexts.Read(_folder["polarity.png"])["controlnetsharp"]);
        Assert.Equal("bgr", manifest.RootElement.GetProperty("units")[0].GetProperty("channels").GetString());
        var mended = await With("annotator=invert");
        Assert.Equal((0, false), (mended.ExitCode, mended.Message.Contains("dark lines", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Annotate_OfKeyPoints_DrawsThemAndPrintsThemOnTheirCanvas()
    {
        var points = string.Join(',', Enumerable.Range(0, 18).Select(i => $"{10 + i},{20 + i},0.5"));
        await File.WriteAllTextAsync(_folder["raw.json"], $$"""{"people":[{"pose_keypoints_2d":[{{points}}]}]}""", TestContext.Current.CancellationToken);
        var json = await CommandRun.JsonOf("annotate", "openpose", _folder["raw.json"], "-o", _folder["pose.png"], "--option", "canvas_width=96", "--option", "canvas_height=64");
        Assert.Equal(("pose", "openpose_keypoints"), (json.GetProperty("kind").GetString(), json.GetProperty("annotator").GetString()));
        Assert.Equal(10, json.GetProperty("keypoints").GetProperty("people")[0].GetProperty("pose_keypoints_2d")[0].GetDouble());
        var drawn = PictureReader.Read(_folder["pose.png"]);
        Assert.Equal((96, 64, true), (drawn.Width, drawn.Height, drawn.Bytes().Any(level => level > 0)));
        var missing = await CommandRun.Of(["annotate", "pose", _folder["raw.json"], "-o", _folder["none.png"]]);
        Assert.Equal((2, true), (missing.ExitCode, missing.Message.Contains("canvas_width is missing", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Generate_WithHintsOfNothing_SaysSoForEachUnit()
    {
        await Generate("first.png");
        TinyModel.WriteControlNet(_folder["control.safetensors"]);
        await File.WriteAllTextAsync(_folder["nobody.json"], """{"people":[],"canvas_width":64,"canvas_height":64}""", TestContext.Current.CancellationToken);
        PictureWriter.WritePng(_folder["grey.png"], TestPictures.Of(64, 64, (_, _) => (90, 90, 90)));
        PictureWriter.WritePng(_folder["edges.png"], Canny.Detect(TestPictures.Square(96, 64), 100, 200));
        string[] Units(params string[] units) => [.. units.SelectMany(unit => new[] { "-c", $"{unit},model={_folder["control.safetensors"]}" })];
        var run = await CommandRun.Of(["generate", "-m", _folder["model.safetensors"], "-o", _folder["nothing.png"], "--steps", "1", "--size", "64x64", "-p", "a",
            .. Units($"pose={_folder["nobody.json"]}", $"canny={_folder["grey.png"]}", $"canny={_folder["edges.png"]}", $"canny={_folder["square.png"]}")]);
        Assert.True(run.ExitCode == 0, run.Message);
        Assert.Contains("nobody.json: no person was found; the hint is black", run.Message, StringComparison.Ordinal);
        Assert.Contains("grey.png: no lines were found; the hint is black", run.Message, StringComparison.Ordinal);
        Assert.Contains("edges.png: it looks like a finished hint", run.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("square.png:", run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Annotate_All_MakesASheetOfThePictureAndTheHintsThatNeedNoWeights()
    {
        PictureWriter.WritePng(_folder["noise.png"], TestPictures.Noise(40, 30));
        var json = await CommandRun.JsonOf("annotate", "all", _folder["noise.png"], "-o", _folder["sheet.png"]);
        var names = json.GetProperty("annotators").EnumerateArray().Select(name => name.GetString()!).ToList();
        var kinds = names.ConvertAll(name => AnnotatorCatalogue.Find(name).Kind);
        Assert.Equal(ConditionKind.All.Where(kind => AnnotatorCatalogue.Of(kind).FirstOrDefault() is { NeedsDownload: false }).Select(kind => kind.Name), kinds);
        var sheet = PictureReader.Read(_folder["sheet.png"]);
        var columns = (int)Math.Ceiling(Math.Sqrt(names.Count + 1));
        Assert.Equal(columns * 48 - 8, sheet.Width);
        Assert.Equal(TestPictures.Noise(40, 30).Bytes()[..(3 * 40)], sheet.Bytes()[..(3 * 40)]);
    }

    [Fact]
    public async Task Annotate_ByAliasOrAnnotator_TakesTheOneThatIsMeant()
    {
        PictureWriter.WritePng(_folder["noise.png"], TestPictures.Noise(40, 30));
        var alias = await CommandRun.JsonOf("annotate", "mlsd", _folder["noise.png"], "-o", _folder["hint.png"]);
        Assert.Equal(("hough", "hough"), (alias.GetProperty("kind").GetString(), alias.GetProperty("annotator").GetString()));
        var named = await CommandRun.JsonOf("annotate", "scribble", _folder["noise.png"], "-o", _folder["hint.png"], "--overwrite", "--annotator", "scribble_drawing");
        Assert.Equal("scribble_drawing", named.GetProperty("annotator").GetString());

        var missing = await CommandRun.Of(["annotate", "mlsd", _folder["noise.png"], "-o", _folder["other.png"], "--annotator", "mlsd", "--models", _folder.Path]);
        Assert.Equal(2, missing.ExitCode);
        Assert.All(["mlsd_large_512_fp32.pth", _folder.Path, "With nothing downloaded there is hough"], part => Assert.Contains(part, missing.Message, StringComparison.Ordinal));
        var wrong = await CommandRun.Of(["annotate", "canny", _folder["noise.png"], "-o", _folder["other.png"], "--annotator", "mlsd"]);
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("--annotator mlsd: canny has the annotators canny", wrong.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["other.png"]));
    }

    [Fact]
    public async Task ModelsInspect_TellsKindFamilyAndSize()
    {
        var model = await CommandRun.JsonOf("models", "inspect", TinyModel.WriteModel(_folder["model.safetensors"]));
        Assert.Equal(("model", "ldm", "F32"), (model.GetProperty("kind").GetString(), model.GetProperty("layout").GetString(), model.GetProperty("dtype").GetString()));
        var control = await CommandRun.JsonOf("models", "inspect", TinyModel.WriteControlNet(_folder["control.safetensors"], TinyModel.Sd21Shaped));
        Assert.Equal(("controlnet", "SD 2.x"), (control.GetProperty("kind").GetString(), control.GetProperty("family").GetString()));
        using var network = TinyModel.ControlNet(TinyModel.Sd21Shaped);
        var parameters = network.named_parameters().ToList();
        Assert.Equal((parameters.Sum(p => p.parameter.numel()), parameters.Count), (control.GetProperty("parameters").GetInt64(), control.GetProperty("keys").GetInt32()));
        Assert.Equal(64, control.GetProperty("hash").GetString()!.Length);
        Assert.Contains("layout      ldm", (await CommandRun.Of(["models", "inspect", _folder["model.safetensors"]])).Result, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_WithSpacesInTheSecondPassesParts_TakesThem()
    {
        await Generate("large.png", "--seed", "5", "--hires", "2, denoise=0.5, steps = 1");
        Assert.Equal(128, PictureReader.Read(_folder["large.png"]).Width);
    }

    private async Task<JsonElement> Generate(string file, params string[] more)
    {
        if (!File.Exists(_folder["model.safetensors"]))
        {
            TinyModel.WriteModel(_folder["model.safetensors"]);
            TinyModel.WriteControlNet(_folder["control.safetensors"]);
        }

        return await CommandRun.JsonOf(["generate", "-p", "a cat", "-m", _folder["model.safetensors"], "-o", _folder[file], "--steps", "2", "--dtype", "fp32", .. more.Contains("--size") ? [] : new[] { "--size", "64x64" }, .. more]);
    }

    /// <summary>Cancels when the progress bar has written so many times.</summary>
    private sealed class CancellingWriter(int writes, CancellationTokenSource stop) : StringWriter
    {
        private int _writes;

        public override void Write(string? value)
        {
            base.Write(value);
            if (value?.StartsWith('\r') == true && ++_writes == writes)
            {
                stop.Cancel();
            }
        }
    }

    private string Unit(string options) => $"canny={_folder["square.png"]},model={_folder["control.safetensors"]},{options}";

    private static string[] Strings(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetString()!)];
}
