using ControlNetSharp.Checkpoints;
using ControlNetSharp.Engine;
using ControlNetSharp.Networks;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Cli;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Checkpoints;

/// <summary>TAESD's files as they are published: a file for each half, or both in diffusers' layout.</summary>
public sealed class TinyAutoencoderFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TinyAutoencoder _network = FormulaWeights.Fill(new TinyAutoencoder(AutoencoderParams.Tiny(4, hasEncoder: true), Placement.Cpu32), "taesd.", 3);

    public void Dispose()
    {
        _network.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void LoadModel_WithADecoder_TakesTheEncoderThatLiesBeside()
    {
        using var scope = NewDisposeScope();
        var model = TinyModel.WriteModel(_folder["model.safetensors"]);
        var decoder = WriteHalf("decoder");
        using (var alone = CheckpointLoader.LoadModel(model, Placement.Cpu32, decoder))
        {
            Assert.Equal((false, 1.0, 8), (alone.Autoencoder.Params.HasEncoder, alone.Autoencoder.Params.ScaleFactor, alone.Autoencoder.Params.Downscale));
            Assert.Throws<InvalidOperationException>(() => alone.Autoencoder.Encode(zeros(1, 3, 8, 8)));
        }

        WriteHalf("encoder");
        using var whole = CheckpointLoader.LoadModel(model, Placement.Cpu32, decoder);
        CheckpointForms.AssertSame(_network, whole.Autoencoder);
        using var fromEncoder = CheckpointLoader.LoadModel(model, Placement.Cpu32, _folder["taesd_encoder.safetensors"]);
        CheckpointForms.AssertSame(_network, fromEncoder.Autoencoder);
    }

    // diffusers' decoder has no number for the layer without weights in front.
    [Fact]
    public void LoadModel_WithDiffusersFile_IsThatOfTheHalves()
    {
        using var scope = NewDisposeScope();
        static string InDiffusers(string name)
        {
            var parts = name.Split('.');
            var number = int.Parse(parts[1]) - (parts[0] == "decoder" ? 1 : 0);
            return $"{parts[0]}.layers.{number}.{string.Join('.', parts[2..])}";
        }

        Write("diffusion_pytorch_model.safetensors", _ => true, InDiffusers);
        File.WriteAllText(_folder["config.json"], """{"_class_name": "AutoencoderTiny", "latent_channels": 4, "scaling_factor": 1.0}""");
        using var loaded = CheckpointLoader.LoadModel(TinyModel.WriteModel(_folder["model.safetensors"]), Placement.Cpu32, _folder["diffusion_pytorch_model.safetensors"]);
        CheckpointForms.AssertSame(_network, loaded.Autoencoder);
    }

    [Fact]
    public void LoadModel_WithWhatCannotDecodeItsLatents_SaysWhatIsMissing()
    {
        var model = TinyModel.WriteModel(_folder["model.safetensors"]);
        Assert.Contains("pictures need the decoder", Refusal(WriteHalf("encoder")), StringComparison.Ordinal);
        using var wide = FormulaWeights.Fill(new TinyAutoencoder(AutoencoderParams.Tiny(16, hasEncoder: false), Placement.Cpu32), "taesd.", 3);
        SafetensorsWriter.Write(_folder["taef1_decoder.safetensors"], wide.named_parameters().ToDictionary(p => p.name["decoder.".Length..], p => (Tensor)p.parameter), new Dictionary<string, string>());
        Assert.Contains("its Autoencoder has 16", Refusal(_folder["taef1_decoder.safetensors"]), StringComparison.Ordinal);
        Write("taesd_cut_decoder.safetensors", name => name.StartsWith("decoder", StringComparison.Ordinal) && !name.Contains(".19.", StringComparison.Ordinal), name => name["decoder.".Length..]);
        Assert.Contains("first_stage_model.decoder.19.weight", Refusal(_folder["taesd_cut_decoder.safetensors"]), StringComparison.Ordinal);

        string Refusal(string file) => Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadModel(model, Placement.Cpu32, file)).Message;
    }

    [Fact]
    public async Task Generate_WithADecoderAlone_MakesAPicture_AndRefusesWhatMustBeEncoded()
    {
        var model = TinyModel.WriteModel(_folder["model.safetensors"]);
        var decoder = WriteHalf("decoder");
        string[] common = ["generate", "-m", model, "--vae", decoder, "-p", "a house", "--steps", "1", "--seed", "1", "--dtype", "fp32"];
        var run = await CommandRun.Of([.. common, "-o", _folder["out.png"]]);
        Assert.True(run.ExitCode == 0, run.Message);
        Assert.Equal(64, PictureReader.Read(_folder["out.png"]).Width);
        string[][] encoding = [["--init", _folder["out.png"]], ["--hires", "2,upscaler=lanczos"], ["--upscale", "2"], ["-c", $"reference={_folder["out.png"]}"]];
        foreach (var options in encoding)
        {
            run = await CommandRun.Of([.. common, .. options]);
            Assert.True(run.ExitCode == 2, $"{string.Join(' ', options)}: {run.ExitCode} {run.Message}");
            Assert.Contains("--vae", run.Message, StringComparison.Ordinal);
            Assert.Contains("the encoder must lie beside it", run.Message, StringComparison.Ordinal);
        }

        WriteHalf("encoder");
        run = await CommandRun.Of([.. common, "--init", _folder["out.png"], "-o", _folder["from.png"]]);
        Assert.True(run.ExitCode == 0, run.Message);
        run = await CommandRun.Of(["generate", "--replay", _folder["from.png"], "--models", _folder.Path, "-o", _folder["again.png"]]);
        Assert.True(run.ExitCode == 0, run.Message);
        Assert.Equal(PictureReader.Read(_folder["from.png"]).Bytes(), PictureReader.Read(_folder["again.png"]).Bytes());
    }

    [Fact]
    public async Task Inspect_SaysWhichHalfItIs()
    {
        var decoder = await CommandRun.JsonOf("models", "inspect", WriteHalf("decoder"));
        Assert.Equal(("autoencoder", "taesd", "TAESD, the decoder alone"), (decoder.GetProperty("kind").GetString(), decoder.GetProperty("layout").GetString(), decoder.GetProperty("form").GetString()));
        Assert.Contains("SDXL (taesdxl)", decoder.GetProperty("needs").GetString(), StringComparison.Ordinal);
        var encoder = await CommandRun.JsonOf("models", "inspect", WriteHalf("encoder"));
        Assert.Equal("TAESD, the encoder alone", encoder.GetProperty("form").GetString());
    }

    [Fact]
    public void Convert_ToAnotherLayout_IsRefused()
    {
        foreach (var layout in Enum.GetValues<CheckpointLayout>())
        {
            var e = Assert.Throws<CheckpointException>(() => CheckpointConverter.Convert(WriteHalf("decoder"), _folder["out"], layout));
            Assert.Contains("its own layout", e.Message, StringComparison.Ordinal);
        }

        CheckpointConverter.Convert(WriteHalf("decoder"), _folder["half.safetensors"], format: WeightFormat.Float16);
        TinyAutoencoderFile.Check(_folder["half.safetensors"]);
    }

    [Fact]
    public void Previews_AreDecodedWhereTheNameSaysThatTheFileIsForTheFamily()
    {
        using var scope = NewDisposeScope();
        var xl = WriteHalf("decoder", "taesdxl");
        using var decoders = new PreviewDecoders([WriteHalf("decoder"), xl]);
        using var onlyXl = new PreviewDecoders([xl]);
        using var sd = Model(ModelFamily.All[0]);
        using var sdxl = Model(ModelFamily.All.Single(family => family.Name == ModelFamily.StableDiffusionXl));
        using var own = Model(ModelFamily.Of(TinyModel.UNetParams));
        Assert.Null(onlyXl.For(sd));
        Assert.Null(decoders.For(own));
        Assert.NotNull(decoders.For(sdxl));
        Assert.NotSame(decoders.For(sd), decoders.For(sdxl));
        Assert.Same(decoders.For(sd), decoders.For(sd));

        var latents = randn([2, 4, 8, 8], generator: new Generator(1));
        var expected = PictureTensors.FromTensor(_network.Decode(latents[..1]))[0];
        Assert.Equal(expected.Bytes(), LatentPreview.Of(latents, sd, decoders.For(sd)).Bytes());
        Assert.Equal((8, 8), (LatentPreview.Of(latents, sd).Width, LatentPreview.Of(latents, sd).Height));
    }

    [Fact]
    public void PreviewDecoders_ThatAreNone_AreRefusedAtOnce()
    {
        var model = TinyModel.WriteModel(_folder["model.safetensors"]);
        Assert.Contains("a decoder of TAESD", Assert.Throws<CheckpointException>(() => new ControlNetEngine(new EngineOptions { PreviewDecoders = [model] })).Message, StringComparison.Ordinal);
        Assert.Throws<CheckpointException>(() => new PreviewDecoders([_folder["no.safetensors"]]));
    }

    private static DiffusionModel Model(ModelFamily family) => new()
    {
        File = "model", Family = family, UNet = TinyModel.UNet(), Autoencoder = Wide(), Text = TinyModel.Text(), NativeSize = 64, Placement = Placement.Cpu32,
    };

    /// <summary>An Autoencoder that is too slow for previews.</summary>
    private static Autoencoder Wide() => new(TinyModel.AutoencoderParams with { Channels = 72 }, Placement.Meta);

    private string WriteHalf(string half, string name = "taesd") =>
        Write($"{name}_{half}.safetensors", key => key.StartsWith(half + ".", StringComparison.Ordinal), key => key[(half.Length + 1)..]);

    private string Write(string file, Func<string, bool> isIn, Func<string, string> rename)
    {
        var tensors = _network.named_parameters().Where(p => isIn(p.name)).ToDictionary(p => rename(p.name), p => (Tensor)p.parameter);
        SafetensorsWriter.Write(_folder[file], tensors, new Dictionary<string, string>());
        return _folder[file];
    }
}
