using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Loras;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Engine;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using ControlNetSharp.Training;
using ControlNetSharp.Training.Datasets;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Training;

/// <summary>Latent consistency distillation: its loss, its teacher, and the LoRA that comes of it.</summary>
public sealed class LcmTargetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(PredictionType.Epsilon, 50)]
    [InlineData(PredictionType.Velocity, 50)]
    [InlineData(PredictionType.Velocity, 20)]
    [InlineData(PredictionType.Sample, 50)]
    public void Loss_IsThatOfTheFormulas_InDoublePrecision(PredictionType prediction, int teacherSteps)
    {
        using var scope = NewDisposeScope();
        var batch = Batch.Of(TinyModel.UNetParams);
        long[] from = [19, 999];
        long[] to = [0, 999 - 1000 / teacherSteps];
        using var unet = TinyModel.UNet();
        using var student = Trained(unet, steps: 3);
        var calls = new List<(double[] Noisy, double[] Output, long[] Timesteps)>();
        Tensor Recorded(UNet network, Tensor noisy, Tensor timesteps)
        {
            var output = network.Forward(noisy, timesteps, batch.Context);
            calls.Add((Doubles(noisy), Doubles(output), [.. timesteps.data<long>()]));
            return output;
        }

        var loss = new ConsistencyLoss { Prediction = prediction, TeacherSteps = teacherSteps }
            .Of((x, t) => Recorded(student, x, t), (x, t) => Recorded(unet, x, t), batch.Latents, batch.Noise, tensor(from));
        // The teacher leads on, the student judges what it comes to, and then where it came from.
        Assert.Equal([from, to, from], calls.Select(call => call.Timesteps));
        var (teacher, target, start) = (calls[0], calls[1], calls[2]);
        var (latents, noise) = (Doubles(batch.Latents), Doubles(batch.Noise));
        var each = latents.Length / from.Length;
        var sum = 0.0;
        for (var i = 0; i < latents.Length; i++)
        {
            var (t, s) = (from[i / each], to[i / each]);
            var (alpha, sigma) = Level(t);
            var (alphaTo, sigmaTo) = Level(s);
            var noisy = alpha * latents[i] + sigma * noise[i];
            Assert.Equal(noisy, teacher.Noisy[i], 1e-5);
            Assert.Equal(noisy, start.Noisy[i], 1e-5);
            var (clean, rest) = Parts(prediction, noisy, teacher.Output[i], alpha, sigma);
            var cleaner = alphaTo * clean + sigmaTo * rest;
            Assert.Equal(cleaner, target.Noisy[i], 2e-4 * Math.Max(1, Math.Abs(cleaner)));
            var wanted = Consistent(prediction, target.Noisy[i], target.Output[i], s);
            var given = Consistent(prediction, start.Noisy[i], start.Output[i], t);
            sum += Math.Sqrt((wanted - given) * (wanted - given) + 0.001 * 0.001) - 0.001;
        }

        var expected = sum / latents.Length;
        Assert.Equal(expected, loss.item<float>(), 1e-3 * expected);
        Assert.True(expected > 1e-3);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Loss_OfADistillationWithoutATeacher_IsRefused(bool isProgressive)
    {
        using var scope = NewDisposeScope();
        DenoisingLoss loss = isProgressive ? new ProgressiveLoss() : new ConsistencyLoss();
        var batch = Batch.Of(TinyModel.UNetParams);
        var timesteps = tensor(new long[] { 999, 249 });
        var error = Assert.Throws<InvalidOperationException>(() => loss.Of((x, t) => x * 0.5, teach: null, batch.Latents, batch.Noise, timesteps));
        Assert.Contains("teacher", error.Message, StringComparison.Ordinal);
        Assert.True(loss.Of((x, t) => x * 0.5, (x, t) => x * 0.25, batch.Latents, batch.Noise, timesteps).item<float>() > 0);
    }

    [Fact]
    public void Timesteps_AreThoseOfTheLcmSampler()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3, CPU);
        var loss = new ConsistencyLoss();
        var drawn = loss.DrawTimesteps(2000, generator).data<long>().ToArray();
        long[] all = [.. Enumerable.Range(1, 50).Select(n => 20L * n - 1)];
        Assert.Equal(all, drawn.Distinct().Order());
        Assert.Equal((19, 999), (loss.TimestepAt(0), loss.TimestepAt(0.999)));
    }

    [Theory]
    [InlineData(ScalarType.Float32, false)]
    [InlineData(ScalarType.BFloat16, false)]
    [InlineData(ScalarType.Float32, true)]
    public void Student_BeforeTheFirstStep_IsTheTeacher(ScalarType dtype, bool isXl)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var p = isXl ? TinyModel.Sdxl : TinyModel.UNetParams;
        using var unet = FormulaWeights.Fill(new UNet(p, new Placement(CPU, dtype)), TinyModel.UNetPrefix, seed: 1);
        using var student = TrainableCopy.WithLora(unet, seed: 1, rank: 4);
        var denoiser = new TrainableDenoiser(student, null, TrainingTarget.Lcm, dtype);
        var batch = Batch.Of(p);
        var (x, context, vector) = (batch.Latents.to(dtype), batch.Context.to(dtype), batch.Vector?.to(dtype));
        var t = tensor(new long[] { 59, 999 });
        var loss = new ConsistencyLoss { Prediction = PredictionType.Velocity };
        Tensor Of(Tensor predicted) => loss.Consistent(batch.Latents, predicted, [59, 999]);
        var teachers = Of(unet.Forward(x, t, context, null, vector));
        Assert.True(teachers.equal(Of(denoiser.Predict(batch.Latents, t, batch.Context, null, batch.Vector))).all().item<bool>());
        Assert.All(denoiser.Parameters, parameter => Assert.Equal(ScalarType.Float32, parameter.Parameter.dtype));
        Assert.Equal(2 * LowRankLayers.Changes(student).Count(), denoiser.Parameters.Count);
    }

    [Fact]
    public void Denoiser_OfAUNetWithoutALora_IsRefused()
    {
        using var unet = TinyModel.UNet();
        Assert.Contains("low rank", Assert.Throws<ArgumentException>(() => new TrainableDenoiser(unet, null, TrainingTarget.Lcm, ScalarType.Float32)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Teacher_GuidesBothSides_AndControlsThemAlike()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var unet = TinyModel.UNet();
        using var controlNet = TinyModel.ControlNet();
        var batch = Batch.Of(TinyModel.UNetParams);
        var empty = new ExampleText(batch.Context[1], null);
        var teacher = new GuidedTeacher(unet, empty, guidanceScale: 3, new Dictionary<string, ControlNet> { ["canny"] = controlNet });
        var t = tensor(new long[] { 59, 999 });
        var examples = new ExampleBatch(batch.Latents, new ExampleText(batch.Context, null), [], batch.Hints);
        var nothing = batch.Context[1].expand(2, -1, -1);
        foreach (var control in new[] { null, teacher.ControlOf("canny", batch.Hints) })
        {
            Tensor Side(Tensor context) => unet.Forward(
                batch.Latents, t, context, control is null ? null : controlNet.Forward(batch.Latents, t, context, controlNet.EncodeHint(batch.Hints)));
            var expected = Side(nothing) + 3 * (Side(batch.Context) - Side(nothing));
            Goldens.AssertClose(expected, teacher.Of(examples, examples.Text, control)(batch.Latents, t), 1e-4 * Goldens.Amplitude(expected), $"with control: {control is not null}");
        }
    }

    [Theory]
    [InlineData(false, ScalarType.Float32, 2e-5)]
    [InlineData(true, ScalarType.Float32, 2e-5)]
    [InlineData(false, ScalarType.BFloat16, 3e-2)]
    public void File_LoadedAsALora_ChangesTheUNetAsTheTrainedLayersDo(bool isXl, ScalarType dtype, double tolerance)
    {
        using var scope = NewDisposeScope();
        var path = _folder["model.safetensors"];
        using var model = CheckpointLoader.LoadModel(isXl ? TinyModel.WriteSdxl(path) : TinyModel.WriteModel(path), Placement.Cpu32);
        var before = model.UNet.parameters().Select(parameter => parameter.clone()).ToList();
        using var student = Trained(model.UNet, steps: 4);
        Assert.All(model.UNet.parameters().Zip(before), pair => Assert.True(pair.First.equal(pair.Second).all().item<bool>()));
        using var _ = no_grad();
        TrainedWeights.WriteLora(_folder["lora.safetensors"], student, dtype, new Dictionary<string, string> { ["usage"] = "few steps" });
        var (batch, t) = (Batch.Of(model.UNet.Params), tensor(new long[] { 59, 999 }));
        Tensor Of(UNet unet) => unet.Forward(batch.Latents, t, batch.Context, null, batch.Vector);
        var (expected, without) = (Of(student), Of(model.UNet));
        Assert.True((expected - without).abs().max().item<float>() > 0.05 * Goldens.Amplitude(without));
        using (AppliedLoras.Apply(model, [new LoraRequest(_folder["lora.safetensors"])]))
        {
            Goldens.AssertClose(expected, Of(model.UNet), tolerance * Goldens.Amplitude(expected), "the UNet with its LoRA");
        }

        using var file = SafetensorsFile.Open(_folder["lora.safetensors"]);
        Assert.Equal(("few steps", "networks.lora", "4"), (file.Metadata["usage"], file.Metadata["ss_network_module"], file.Metadata["ss_network_dim"]));
        Assert.Equal("lora", CheckpointKind.Of(file.Entries.ToDictionary(entry => entry.Key, entry => (IReadOnlyList<long>)entry.Value.Shape)).Kind);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void File_AtFullSize_HasTheNamesThatOtherProgramsKnow(bool isXl)
    {
        using var unet = new UNet(isXl ? UNetParams.Sdxl : UNetParams.Sd15, Placement.Meta);
        LowRankLayers.Share(unet, unet, rank: 1, Placement.Meta);
        var names = TrainedWeights.LoraLayers(unet).Select(layer => layer.Name).ToHashSet(StringComparer.Ordinal);
        string[] known =
        [
            "lora_unet_conv_in", "lora_unet_conv_out", "lora_unet_time_embedding_linear_1", "lora_unet_mid_block_resnets_0_conv1",
            "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k", "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_out_0",
            "lora_unet_up_blocks_1_attentions_2_transformer_blocks_0_ff_net_0_proj", "lora_unet_up_blocks_0_upsamplers_0_conv", "lora_unet_up_blocks_1_resnets_2_conv_shortcut",
        ];
        Assert.All(known, name => Assert.Contains(name, names));
        Assert.All(names, name => Assert.DoesNotContain("_blocks_0_in_layers", name, StringComparison.Ordinal));
        Assert.Equal(LowRankLayers.Changes(unet).Count(), names.Count);
    }

    [Fact]
    public void Training_Resumed_IsTheUnbrokenOne_BitForBit()
    {
        var whole = Request("whole", steps: 5);
        var expected = Run(whole);
        Run(Request("broken", steps: 2) with { Steps = 2 });
        Assert.Equal(expected, Run(Request("broken", steps: 5) with { Resume = true }));
        var other = Request("broken", steps: 6) with { Resume = true, GuidanceScale = 3 };
        Assert.Contains("guidance scale", Assert.Throws<CheckpointException>(() => Run(other)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_CountsTheLora_AndTheTeacherAsLocked()
    {
        using var unet = TinyModel.UNet();
        using var student = TrainableCopy.WithLora(unet, seed: 1, rank: 3);
        var trained = new TrainableDenoiser(student, null, TrainingTarget.Lcm, ScalarType.BFloat16).Parameters.Sum(p => p.Parameter.numel());
        var options = new TrainingRunOptions { Folder = "none", BatchSize = 2, LearningRate = new LearningRate { Peak = 1 }, Loss = new ConsistencyLoss() };
        TrainingPlan Plan(TrainingTarget target, int? rank) =>
            new TrainingPlanner(TinyModel.UNetParams, otherParameters: 1000, target, ScalarType.BFloat16, rank).Plan(options, 64, 64, checkpointing: false);
        var plan = Plan(TrainingTarget.Lcm, 3);
        long Bytes(string name) => Assert.Single(plan.Memory, part => part.Name == name).Bytes;
        Assert.Equal(4 * trained, Bytes("trained weights"));
        Assert.Equal(2 * (1000 + unet.parameters().Sum(p => p.numel())), Bytes("locked weights"));
        Assert.True(plan.SecondsPerStep > 0);
        static double Gflop(TrainingTarget target) => TrainingWork.Gflop(UNetParams.Sd15, target, 64, 64, checkpointing: false, new ConsistencyLoss().TaughtPasses);
        Assert.InRange(Gflop(TrainingTarget.Lcm) / Gflop(TrainingTarget.UNet), 1.6, 1.7);
    }

    [Fact]
    public void Dataset_OfSeveralKinds_SaysOfEachExampleWhichItIs()
    {
        Make("two", ["canny", "depth"], scenes: 4);
        Assert.Equal(["canny", "depth", "canny", "depth"], TrainingDataset.Open(_folder["two"]).Examples.Select(example => example.Condition));
        Make("one", ["canny"], scenes: 2);
        Assert.All(TrainingDataset.Open(_folder["one"]).Examples, example => Assert.Null(example.Condition));
        Assert.DoesNotContain("condition", File.ReadAllText(_folder["one/prompt.json"]), StringComparison.Ordinal);
    }

    private static (double Alpha, double Sigma) Level(long timestep)
    {
        // Stable Diffusion's betas: squares of evenly spaced roots.
        var product = 1.0;
        for (var i = 0; i <= timestep; i++)
        {
            var root = Math.Sqrt(0.00085) + i / 999.0 * (Math.Sqrt(0.012) - Math.Sqrt(0.00085));
            product *= 1 - root * root;
        }

        return (Math.Sqrt(product), Math.Sqrt(1 - product));
    }

    private static (double Clean, double Noise) Parts(PredictionType type, double noisy, double output, double alpha, double sigma) =>
        type switch
        {
            PredictionType.Epsilon => ((noisy - sigma * output) / alpha, output),
            PredictionType.Velocity => (alpha * noisy - sigma * output, sigma * noisy + alpha * output),
            _ => (output, (noisy - alpha * output) / sigma),
        };

    private static double Consistent(PredictionType type, double noisy, double output, long timestep)
    {
        var (alpha, sigma) = Level(timestep);
        var scaled = timestep * 10.0;
        return 0.25 / (scaled * scaled + 0.25) * noisy + scaled / Math.Sqrt(scaled * scaled + 0.25) * Parts(type, noisy, output, alpha, sigma).Clean;
    }

    private static double[] Doubles(Tensor values) => [.. values.detach().to(ScalarType.Float64).contiguous().data<double>()];

    /// <summary>A UNet with a LoRA that has been moved by some steps on anything.</summary>
    private static UNet Trained(UNet unet, int steps)
    {
        using var scope = NewDisposeScope();
        var student = TrainableCopy.WithLora(unet, seed: 1, rank: 4);
        var denoiser = new TrainableDenoiser(student, null, TrainingTarget.Lcm, ScalarType.Float32);
        var batch = Batch.Of(unet.Params);
        using var optimizer = new AdamW(denoiser.Parameters.Select(p => p.Parameter), new AdamWOptions());
        for (var step = 0; step < steps; step++)
        {
            denoiser.Predict(batch.Latents, tensor(new long[] { 10, 700 }), batch.Context, null, batch.Vector).square().mean().backward();
            optimizer.Step(1e-2);
        }

        return student;
    }

    private void Make(string name, string[] conditions, int scenes) =>
        DatasetMaker.Make(_folder[name], new DatasetMakeOptions { Conditions = conditions, Scenes = scenes, Size = 64, FirstSeed = 2_000_000 }, null, TestContext.Current.CancellationToken);

    private TrainingRequest Request(string name, int steps)
    {
        if (!Directory.Exists(_folder["mixed"]))
        {
            TinyModel.WriteModel(_folder["model.safetensors"]);
            TinyModel.WriteControlNet(_folder["control_v11p_sd15_canny.safetensors"]);
            TinyModel.WriteControlNet(_folder["control_v11f1p_sd15_depth.safetensors"]);
            Make("mixed", ["canny", "depth"], scenes: 12);
        }

        return new TrainingRequest
        {
            Data = _folder["mixed"], Conditions = ["mixed"], Out = _folder[name], Model = _folder["model.safetensors"], Target = TrainingTarget.Lcm, Rank = 2, Steps = steps,
            ControlledShare = 0.5, BatchSize = 2, EmptyPrompts = 0.3, LearningRate = 1e-3, ValidateEvery = 3, Samples = 1, AverageDecay = 0.9, Cache = _folder["cache"],
        };
    }

    private static byte[] Run(TrainingRequest request)
    {
        var summary = new RequestedTraining(request, new EngineOptions { Dtype = "fp32" }).Run(new TrainingEvents(_ => { }, _ => { }), TestContext.Current.CancellationToken);
        return File.ReadAllBytes(Assert.Single(summary.Files));
    }

    /// <summary>Some latents with all that goes with them.</summary>
    private sealed record Batch(Tensor Latents, Tensor Noise, Tensor Context, Tensor Hints, Tensor? Vector)
    {
        public static Batch Of(UNetParams p)
        {
            using var generator = new Generator(5, CPU);
            return new(
                randn([2, 4, 8, 8], generator: generator),
                randn([2, 4, 8, 8], generator: generator),
                randn([2, 77, p.ContextChannels], generator: generator),
                rand([2, 3, 64, 64], generator: generator),
                p.VectorChannels is { } channels ? randn([2, channels], generator: generator) : null);
        }
    }
}
