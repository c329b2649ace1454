using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Controls;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Checkpoints;
using ControlNetSharp.Tests.Networks.Controls;
using ControlNetSharp.Training;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Training;

/// <summary>Control-LoRAs as they are trained: on the weights of a UNet that stays as it is.</summary>
public sealed class ControlLoraTargetTests : IDisposable
{
    private const double Tolerance = 5e-5;
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Files => [.. Goldens.Files("control_lora_*.safetensors").Select(row => row.Data).Where(file => !file.EndsWith("_file.safetensors", StringComparison.Ordinal))];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("key_manifest_control_lora_sd15_rank128.json", false)]
    [InlineData("key_manifest_control_lora_sdxl_rank128.json", true)]
    public void Parameters_AtFullSize_HaveNamesAndShapesOfThePublishedFiles(string manifest, bool isXl)
    {
        var p = isXl ? UNetParams.Sdxl : UNetParams.Sd15;
        using var unet = new UNet(p, Placement.Meta);
        using var control = new ControlNet(new ControlNetParams { UNet = p }, Placement.Meta);
        LowRankLayers.Share(control, unet, rank: 128, Placement.Meta);
        var expected = NamedShapes.OfManifest(manifest);
        Assert.True(expected.Remove("lora_controlnet"));
        var trained = LowRankLayers.Trained(control).ToDictionary(t => t.Name, t => t.Parameter.shape);
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), trained.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected, e => Assert.Equal(e.Value, trained[e.Key]));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Forward_WithTheGoldensFile_GivesItsResiduals_WithoutTheEffectiveWeights(string file)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        using var saved = SafetensorsFile.Open(Goldens.Require(Path.GetFileNameWithoutExtension(file) + "_file.safetensors"));
        var isXl = golden.Has("in.text_embeds");
        using var model = GoldenShapes.ControlLoraModel(golden);
        var rank = (int)saved.Entries.Where(entry => entry.Key.EndsWith(".down", StringComparison.Ordinal)).Max(entry => entry.Value.Shape[0]);
        using var control = TrainableCopy.Of(model.UNet, seed: 1, Placement.Cpu32, rank).ControlNet;
        var trained = LowRankLayers.Trained(control).ToList();
        Assert.Equal(saved.Entries.Keys.Except([ControlLoraFile.Marker]).Order(StringComparer.Ordinal), trained.Select(t => t.Name).Order(StringComparer.Ordinal));
        foreach (var (name, parameter) in trained)
        {
            saved.ReadInto(name, parameter);
        }

        var vector = isXl ? GoldenShapes.Vector(golden, model.UNet.Params) : null;
        var (x, t, context, hint) = isXl
            ? (golden["in.sample"], golden["in.timestep"], golden["in.encoder_hidden_states"], golden["in.controlnet_cond"])
            : (golden["in.x"], golden["in.timesteps"], golden["in.context"], golden["in.hint"]);
        var residuals = control.Forward(x, t, context, control.EncodeHint(hint), vector);
        foreach (var (index, residual) in residuals.Index())
        {
            golden.AssertClose($"control.{(isXl && index == residuals.Count - 1 ? "mid" : index)}", residual, Tolerance);
        }

        golden.AssertClose("out.control", model.UNet.Forward(x, t, context, residuals, vector), Tolerance);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Steps_LeaveTheModelAsItIs_AndReachOnePartAfterAnother(bool isXl, bool checkpointing)
    {
        using var scope = NewDisposeScope();
        var (unet, denoiser) = Denoiser(isXl, rank: 4);
        denoiser.Checkpointing = checkpointing;
        var before = unet.parameters().Select(parameter => parameter.clone()).ToList();
        var batch = Batch.Of(unet.Params);
        using (no_grad())
        {
            var without = unet.Forward(batch.X, batch.T, batch.Context, null, batch.Vector);
            Assert.True(batch.PredictedBy(denoiser).equal(without).all().item<bool>());
        }

        using var optimizer = new AdamW(denoiser.Parameters.Select(p => p.Parameter), new AdamWOptions());
        // Zero convolutions first, then what lies behind them, then what lies behind the zeros there.
        var parts = new[] { "zero_convs.0.0.weight", "input_blocks.1.0.in_layers.2.up", "input_blocks.1.0.in_layers.2.down" };
        var trained = denoiser.Parameters.ToDictionary(p => p.Name[LdmLayout.Control.Length..], p => p.Parameter);
        for (var step = 0; step < parts.Length; step++)
        {
            batch.PredictedBy(denoiser).square().mean().backward();
            foreach (var (index, part) in parts.Index())
            {
                Assert.Equal(index <= step, trained[part].grad!.abs().max().item<float>() > 0);
            }

            optimizer.Step(1e-3);
        }

        Assert.True(trained["input_blocks.1.0.in_layers.0.weight"].ne(before[unet.named_parameters().ToList().FindIndex(p => p.name == "input_blocks.1.0.in_layers.0.weight")]).any().item<bool>());
        Assert.All(unet.parameters().Zip(before), pair => Assert.True(pair.First.grad is null && pair.First.equal(pair.Second).all().item<bool>()));
        Assert.All(denoiser.ControlNet!.named_parameters().Where(p => !trained.ContainsKey(p.name)), locked => Assert.True(locked.parameter.grad is null && !locked.parameter.requires_grad));
    }

    [Fact]
    public void LockedWeights_AreThoseOfTheUNet_InItsType_AndNotCopies()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var unet = FormulaWeights.Fill(new UNet(TinyModel.UNetParams, new Placement(CPU, ScalarType.BFloat16)), TinyModel.UNetPrefix, seed: 1);
        var (control, fresh) = TrainableCopy.Of(unet, seed: 1, Placement.Cpu32, rank: 4);
        var sources = unet.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        var trained = LowRankLayers.Trained(control).Select(t => t.Name).ToHashSet();
        var locked = control.named_parameters().Where(p => !trained.Contains(p.name)).ToList();
        Assert.NotEmpty(locked);
        foreach (var (name, parameter) in locked)
        {
            Assert.True(parameter.dim() >= 2 && parameter.dtype == ScalarType.BFloat16, name);
            sources[name].add_(1);
            Assert.True(parameter.equal(sources[name]).all().item<bool>(), name);
        }

        Assert.All(fresh, name => Assert.True(!sources.ContainsKey(name) && trained.Contains(name), name));
        control.Dispose();
        Assert.All(sources.Values, source => Assert.False(source.IsInvalid));
    }

    [Theory]
    [InlineData(false, ScalarType.Float32, 2e-5)]
    [InlineData(true, ScalarType.Float32, 2e-5)]
    [InlineData(false, ScalarType.Float16, 4e-3)]
    [InlineData(true, ScalarType.Float16, 4e-3)]
    [InlineData(false, ScalarType.BFloat16, 3e-2)]
    public void File_LoadedBack_GivesTheTrainedResiduals(bool isXl, ScalarType dtype, double tolerance)
    {
        using var scope = NewDisposeScope();
        var path = _folder[isXl ? "sdxl.safetensors" : "model.safetensors"];
        using var model = CheckpointLoader.LoadModel(isXl ? TinyModel.WriteSdxl(path) : TinyModel.WriteModel(path), Placement.Cpu32);
        var (_, denoiser) = Denoiser(isXl, rank: 3);
        var batch = Batch.Of(model.UNet.Params);
        using (var optimizer = new AdamW(denoiser.Parameters.Select(p => p.Parameter), new AdamWOptions()))
        {
            for (var step = 0; step < 5; step++)
            {
                batch.PredictedBy(denoiser).square().mean().backward();
                optimizer.Step(1e-2);
            }
        }

        using var _ = no_grad();
        var expected = batch.ResidualsOf(denoiser.ControlNet!);
        TrainedWeights.WriteControlLora(_folder["lora.safetensors"], denoiser.ControlNet!, dtype, new Dictionary<string, string> { ["condition"] = "fill" });
        using var loaded = (ControlNet)CheckpointLoader.LoadControl(_folder["lora.safetensors"], Placement.Cpu32, model);
        foreach (var (index, (e, actual)) in expected.Zip(batch.ResidualsOf(loaded)).Index())
        {
            Assert.True(Goldens.Amplitude(e) > 1e-2);
            Goldens.AssertClose(e, actual, tolerance * Goldens.Amplitude(e), $"residual {index}");
        }
    }

    private static (UNet UNet, TrainableDenoiser Denoiser) Denoiser(bool isXl, int rank)
    {
        var unet = TinyModel.UNet(isXl ? TinyModel.Sdxl : null);
        var control = TrainableCopy.Of(unet, seed: 1, Placement.Cpu32, rank).ControlNet;
        return (unet, new TrainableDenoiser(unet, control, TrainingTarget.ControlLora, ScalarType.Float32));
    }

    /// <summary>Some noisy latents with all that goes with them.</summary>
    private sealed record Batch(Tensor X, Tensor T, Tensor Context, Tensor Hint, Tensor? Vector)
    {
        public static Batch Of(UNetParams p)
        {
            using var generator = new Generator(5, CPU);
            return new(
                randn([2, 4, 8, 8], generator: generator),
                tensor(new long[] { 10, 700 }),
                randn([2, 77, p.ContextChannels], generator: generator),
                rand([2, 3, 64, 64], generator: generator),
                p.VectorChannels is { } channels ? randn([2, channels], generator: generator) : null);
        }

        public Tensor PredictedBy(TrainableDenoiser denoiser) => denoiser.Predict(X, T, Context, Hint, Vector);

        public IReadOnlyList<Tensor> ResidualsOf(ControlNet control) => control.Forward(X, T, Context, control.EncodeHint(Hint), Vector);
    }
}
