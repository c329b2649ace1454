using System.Text.Json.Nodes;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Checkpoints;

/// <summary>The same tiny model in every container and layout: the same weights and settings are loaded from each.</summary>
public sealed class CheckpointLayoutTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CheckpointForms _forms;

    public CheckpointLayoutTests() => _forms = new CheckpointForms(_folder);

    // SD 2.x is told by a width at which its vocabulary must be small; the narrow one reads prompts.
    public static TheoryData<TinyFamily, string> Forms => Rows(TinyFamily.Sd1, TinyFamily.Sd2, TinyFamily.Sdxl, TinyFamily.Inpainting);

    public static TheoryData<TinyFamily, string> PromptedForms => Rows(TinyFamily.Sd1, TinyFamily.NarrowSd2, TinyFamily.Sdxl, TinyFamily.Inpainting);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Forms))]
    public void LoadModel_InAnyContainerAndLayout_GivesTheSameModel(TinyFamily family, string form)
    {
        using var scope = NewDisposeScope();
        var original = _forms.WriteModel(family);
        using var expected = CheckpointLoader.LoadModel(original, Placement.Cpu32);
        using var actual = CheckpointLoader.LoadModel(_forms.Rewrite(original, form), Placement.Cpu32);
        CheckpointForms.AssertSame(expected.UNet, actual.UNet);
        CheckpointForms.AssertSame(expected.Autoencoder, actual.Autoencoder);
        Assert.Equal(
            (expected.Family, expected.PredictsVelocity(), expected.NativeSize, expected.Noise, expected.Autoencoder.Params.ScaleFactor), (actual.Family, actual.PredictsVelocity(), actual.NativeSize, actual.Noise, actual.Autoencoder.Params.ScaleFactor));
        Assert.Equal((expected.UNet.Params.NormGroups, expected.Autoencoder.Params.NormGroups), (actual.UNet.Params.NormGroups, actual.Autoencoder.Params.NormGroups));
        Assert.All(expected.UNet.Params.Levels, level => Assert.Equal(expected.UNet.Params.Heads.For(level.Channels), actual.UNet.Params.Heads.For(level.Channels)));
        // The text encoder of SD 2.x has other names in the two layouts: what it computes is compared.
        using var tokens = tensor(Enumerable.Range(0, 77).Select(i => i == 20 ? 499L : i * 3).ToArray()).unsqueeze(0);
        Assert.Equal(expected.Texts.Count, actual.Texts.Count);
        foreach (var (one, other) in expected.Texts.Zip(actual.Texts))
        {
            Goldens.AssertClose(one.Encode(tokens), other.Encode(tokens), 1e-6, form);
            Goldens.AssertClose(one.EncodePooled(tokens).Pooled, other.EncodePooled(tokens).Pooled, 1e-6, form);
            Assert.Equal((one.PadToken, one.Params.DefaultClipSkip == 1), (other.PadToken, other.Params.DefaultClipSkip == 1));
        }
    }

    [Theory]
    [MemberData(nameof(PromptedForms))]
    public void Generate_FromAnyContainerAndLayout_GivesTheSamePixels(TinyFamily family, string form)
    {
        using var scope = NewDisposeScope();
        var original = _forms.WriteModel(family);
        var control = TinyModel.WriteControlNet(_folder["control.safetensors"], family switch
        {
            TinyFamily.Sdxl => TinyModel.Sdxl,
            TinyFamily.NarrowSd2 => TinyModel.Sd21Shaped with { ContextChannels = TinyModel.Width },
            _ => null,
        });
        byte[] Pixels(string path)
        {
            using var model = CheckpointLoader.LoadModel(path, Placement.Cpu32);
            using var network = CheckpointLoader.LoadControlNet(control, Placement.Cpu32, model);
            return new PictureGenerator(model).Generate(
                new GenerationRequest
                { Prompt = "a (red:1.2) house", NegativePrompt = "a boat", Size = (64, 64), GuidanceScale = 3, Seed = 5, Steps = 2 },
                [new PreparedControl { ControlNet = network, Hint = TestPictures.Square(64, 64), Strength = new() { Mode = ControlMode.Prompt } }],
                cancellationToken: TestContext.Current.CancellationToken).Pictures[0].Bytes();
        }

        var expected = Pixels(original);
        Assert.True(expected.Distinct().Count() > 50);
        Assert.Equal(expected, Pixels(_forms.Rewrite(original, form)));
    }

    [Theory]
    [InlineData("control_model.")]
    [InlineData("")]
    [InlineData("diffusers")]
    [InlineData("diffusers-folder")]
    [InlineData("full")]
    [InlineData("zip")]
    public void LoadControlNet_InAnyForm_GivesTheSameWeights(string form)
    {
        using var scope = NewDisposeScope();
        using var model = CheckpointLoader.LoadModel(TinyModel.WriteModel(_folder["model.safetensors"]), Placement.Cpu32);
        var original = TinyModel.WriteControlNet(_folder["control.safetensors"]);
        var path = form switch
        {
            "control_model." or "" => TinyModel.WriteControlNet(_folder["control.safetensors"], prefix: form),
            "diffusers" => Path.Combine(_forms.Diffusers(original), CheckpointForms.DiffusersWeights),
            "diffusers-folder" => _forms.Diffusers(original),
            "full" => TinyModel.WriteModel(_folder["full.safetensors"], tensors => CheckpointForms.AddAll(tensors, original)),
            _ => CheckpointForms.WriteTorch(original, pickle => pickle.WriteZip(_folder["control.pth"])),
        };
        // A pickle has no place for what shapes do not show, but the heads are the model's affair only where weights are compared.
        using var loaded = CheckpointLoader.LoadControlNet(path, Placement.Cpu32, model);
        using var expected = TinyModel.ControlNet();
        CheckpointForms.AssertSame(expected, loaded);
    }

    [Theory]
    [InlineData("control_model.")]
    [InlineData("")]
    [InlineData("diffusers-folder")]
    [InlineData("zip")]
    public void LoadControlNet_OfSdxlInAnyForm_GivesTheSameWeights(string form)
    {
        using var scope = NewDisposeScope();
        using var model = TinyModel.SdxlModel();
        var original = TinyModel.WriteControlNet(_folder["control.safetensors"], TinyModel.Sdxl, form == "" ? "" : "control_model.");
        var path = form switch
        {
            "control_model." or "" => original,
            "diffusers-folder" => _forms.Diffusers(original),
            _ => CheckpointForms.WriteTorch(original, pickle => pickle.WriteZip(_folder["control.pth"])),
        };
        using var loaded = CheckpointLoader.LoadControlNet(path, Placement.Cpu32, model);
        using var expected = TinyModel.ControlNet(TinyModel.Sdxl);
        CheckpointForms.AssertSame(expected, loaded);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void LoadControlNet_OfDifferences_AddsTheModelsWeights(bool isInpainting)
    {
        using var scope = NewDisposeScope();
        using var model = CheckpointLoader.LoadModel(TinyModel.WriteModel(_folder["model.safetensors"], unet: isInpainting ? TinyModel.Inpainting : null), Placement.Cpu32);
        using var expected = TinyModel.ControlNet();
        var weights = model.UNet.named_parameters().ToDictionary(p => TinyModel.ControlPrefix + p.name, p => p.parameter);
        var path = TinyModel.WriteControlNet(_folder["difference.safetensors"], change: tensors =>
        {
            foreach (var name in tensors.Keys.Where(weights.ContainsKey).ToList())
            {
                // Behind the latents an inpainting model takes channels that no ControlNet does.
                tensors[name] = tensors[name] - (weights[name].shape.SequenceEqual(tensors[name].shape) ? weights[name] : weights[name].narrow(1, 0, 4));
            }

            tensors.Add("difference", zeros(0));
        });
        using var loaded = CheckpointLoader.LoadControlNet(path, Placement.Cpu32, model);
        Assert.All(expected.named_parameters().Zip(loaded.named_parameters()), pair => Goldens.AssertClose(pair.First.parameter, pair.Second.parameter, 1e-6, pair.First.name));
        Assert.Contains("difference", Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadControlNet(path, Placement.Cpu32)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("first_stage_model.")]
    [InlineData("")]
    [InlineData("diffusers")]
    public void LoadModel_WithASeparateAutoencoder_TakesItInsteadOfTheModels(string form)
    {
        using var scope = NewDisposeScope();
        var model = TinyModel.WriteModel(_folder["model.safetensors"]);
        using var other = FormulaWeights.Fill(new Autoencoder(TinyModel.AutoencoderParams, Placement.Cpu32), "other.", 5);
        var tensors = other.named_parameters().ToDictionary(p => (form == "diffusers" ? "first_stage_model." : form) + p.name, p => (Tensor)p.parameter);
        SafetensorsWriter.Write(_folder["vae.safetensors"], tensors, TinyModel.Metadata.Write());
        var path = form == "diffusers" ? _forms.Diffusers(_folder["vae.safetensors"]) : _folder["vae.safetensors"];
        using var loaded = CheckpointLoader.LoadModel(model, Placement.Cpu32, path);
        CheckpointForms.AssertSame(other, loaded.Autoencoder);
        using var unet = TinyModel.UNet();
        CheckpointForms.AssertSame(unet, loaded.UNet);
        Assert.Contains("no Autoencoder", Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadModel(model, Placement.Cpu32, TinyModel.WriteControlNet(_folder["c.safetensors"]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadModel_OfADiffusersFolder_ObeysItsScheduler()
    {
        using var scope = NewDisposeScope();
        var folder = _forms.Diffusers(_forms.WriteModel(TinyFamily.Sd1));
        void Change(string key, JsonNode? value)
        {
            var file = Path.Combine(folder, "scheduler", "scheduler_config.json");
            var config = JsonNode.Parse(File.ReadAllText(file))!;
            config[key] = value;
            File.WriteAllText(file, config.ToJsonString());
        }

        Change("prediction_type", "epsilon");
        Change("beta_start", 0.001);
        Change("beta_end", 0.01);
        Change("rescale_betas_zero_snr", true);
        Change("timestep_spacing", "trailing");
        using var model = CheckpointLoader.LoadModel(folder, Placement.Cpu32);
        Assert.Equal((false, new NoiseSchedule { Start = 0.001, End = 0.01, ZeroTerminalSnr = true, TrailingSpacing = true }), (model.PredictsVelocity(), model.Noise));
        foreach (var (key, value) in new (string, JsonNode?)[] { ("beta_end", 2), ("beta_schedule", "linear"), ("prediction_type", "sample"), ("timestep_spacing", "random") })
        {
            Change(key, value);
            var e = Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadModel(folder, Placement.Cpu32));
            Assert.Contains("scheduler_config.json", e.File, StringComparison.Ordinal);
            Assert.Contains(key, e.Message, StringComparison.Ordinal);
            Change("beta_end", 0.01);
            Change("beta_schedule", "scaled_linear");
            Change("prediction_type", "epsilon");
            Change("timestep_spacing", "trailing");
        }

        File.WriteAllText(Path.Combine(folder, "vae", "config.json"), "[");
        Assert.Contains("config.json", Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadModel(folder, Placement.Cpu32)).Message, StringComparison.Ordinal);
        Directory.Delete(Path.Combine(folder, "vae"), recursive: true);
        Assert.Contains("'vae' has no weights", Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadModel(folder, Placement.Cpu32)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadModel_BesideAYamlFile_TakesThePredictionFromIt()
    {
        using var scope = NewDisposeScope();
        var metadata = (TinyModel.Metadata with { Prediction = null }).Write();
        var path = TinyModel.WriteModel(_folder["model.safetensors"], metadata: metadata);
        foreach (var (text, expected) in new[] { ("model:\n  params:\n    parameterization: \"v\"\n", (bool?)true), ("model:\n  params:\n", false), (null, null) })
        {
            File.Delete(_folder["model.yaml"]);
            if (text is not null)
            {
                File.WriteAllText(_folder["model.yaml"], text);
            }

            using var model = CheckpointLoader.LoadModel(path, Placement.Cpu32);
            Assert.Equal(expected, model.PredictsVelocity());
        }
    }

    [Theory]
    [InlineData(-3f, true)]
    [InlineData(0f, false)]
    public void LoadModel_OfSd2ThatSaysNothing_AsksTheNetworkWhatItPredicts(float outputBias, bool velocity)
    {
        using var scope = NewDisposeScope();
        var path = _forms.WriteModel(TinyFamily.Sd2, TinyModel.Metadata with { Prediction = null }, tensors =>
        {
            // A network that gives a constant.
            tensors["model.diffusion_model.out.2.weight"].zero_();
            tensors["model.diffusion_model.out.2.bias"] = full(4, outputBias);
        });
        using var model = CheckpointLoader.LoadModel(path, Placement.Cpu32);
        Assert.Equal((ModelFamily.StableDiffusion2, velocity), (model.Family.Name, model.PredictsVelocity()));
    }

    [Theory]
    [InlineData("{\"prediction_type\": \"v_prediction\"}", true)]
    [InlineData("{\"prediction_type\": \"epsilon\", \"sd version\": \"SD2\"}", false)]
    [InlineData("{\"description\": \"another program's\"}", null)]
    [InlineData("[]", null)]
    public void LoadModel_BesideAJsonFile_TakesThePredictionFromIt(string json, bool? expected)
    {
        using var scope = NewDisposeScope();
        var path = TinyModel.WriteModel(_folder["model.safetensors"], metadata: (TinyModel.Metadata with { Prediction = null }).Write());
        File.WriteAllText(_folder["model.json"], json);
        using var model = CheckpointLoader.LoadModel(path, Placement.Cpu32);
        Assert.Equal(expected, model.PredictsVelocity());
        foreach (var (text, reason) in new[] { ("{\"prediction_type\": \"sample\"}", "'sample'; epsilon and v_prediction"), ("{", "cannot be read") })
        {
            File.WriteAllText(_folder["model.json"], text);
            var e = Assert.Throws<CheckpointException>(() => CheckpointLoader.LoadModel(path, Placement.Cpu32));
            Assert.EndsWith("model.json", e.File, StringComparison.Ordinal);
            Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("v", true)]
    [InlineData("epsilon", false)]
    [InlineData("flow", null)]
    public void LoadModel_WithModelSpecMetadata_TakesThePredictionFromIt(string said, bool? expected)
    {
        using var scope = NewDisposeScope();
        var metadata = (TinyModel.Metadata with { Prediction = null }).Write();
        metadata["modelspec.prediction_type"] = said;
        using var model = CheckpointLoader.LoadModel(TinyModel.WriteModel(_folder["model.safetensors"], metadata: metadata), Placement.Cpu32);
        Assert.Equal(expected, model.PredictsVelocity());
    }

    [Fact]
    public void LoadModel_OfSdxlWithMarkersAmongItsWeights_PredictsVelocity_AndSoItsConversions()
    {
        using var scope = NewDisposeScope();
        var path = TinyModel.WriteSdxl(
            _folder["xl.safetensors"],
            tensors =>
            {
                tensors.Add("v_pred", zeros(0));
                tensors.Add("ztsnr", zeros(0));
            },
            (TinyModel.Metadata with { Prediction = null }).Write());
        CheckpointConverter.Convert(path, _folder["again.safetensors"], CheckpointLayout.Ldm);
        foreach (var file in new[] { path, _folder["again.safetensors"], _forms.Diffusers(path) })
        {
            using var model = CheckpointLoader.LoadModel(file, Placement.Cpu32);
            Assert.Equal((true, true, 0.13025), (model.PredictsVelocity(), model.Noise.ZeroTerminalSnr, model.Autoencoder.Params.ScaleFactor));
        }
    }

    [Fact]
    public void LoadModel_OfAnInpaintingSd2ThatSaysNothing_PredictsNoise()
    {
        using var scope = NewDisposeScope();
        var path = _forms.WriteModel(TinyFamily.Sd2, TinyModel.Metadata with { Prediction = null }, tensors =>
        {
            tensors["model.diffusion_model.input_blocks.0.0.weight"] = zeros(32, 9, 3, 3);
            tensors["model.diffusion_model.out.2.weight"].zero_();
            tensors["model.diffusion_model.out.2.bias"] = full(4, -3f);
        });
        using var model = CheckpointLoader.LoadModel(path, Placement.Cpu32);
        Assert.Equal(("SD 2.x inpainting", false), (model.Family.FullName, model.PredictsVelocity()));
    }

    private static TheoryData<TinyFamily, string> Rows(params TinyFamily[] families)
    {
        var rows = new TheoryData<TinyFamily, string>();
        foreach (var family in families)
        {
            foreach (var form in CheckpointForms.All)
            {
                rows.Add(family, form);
            }
        }

        return rows;
    }
}
