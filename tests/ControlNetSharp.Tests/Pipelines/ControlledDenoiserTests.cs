using System.Globalization;
using System.Text.Json;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using ControlNetSharp.Text;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Pipelines;

public class ControlledDenoiserTests
{
    private const double DefaultGuidance = 9;

    public static TheoryData<string, string> Cases => Goldens.Cases("ddim_sample*.safetensors", golden => Goldens.Names(Path.ChangeExtension(golden.Name, ".json"), "cases"));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Sampling_WithTheOriginalsDdim_GivesItsLatents(string file, string name)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open(file);
        var json = Goldens.Json(Path.ChangeExtension(file, ".json"));
        var settings = json.GetProperty("cases").GetProperty(name);
        var (unet, controlNet) = Networks(json);
        var guess = settings.TryGetProperty("guess", out var g) && g.GetBoolean();
        var strength = new ControlStrength { Weight = Number(settings, "strength", 1), Mode = guess ? ControlMode.Control : ControlMode.Balanced };
        var scales = settings.GetProperty("control_scales").EnumerateArray().Select(s => s.GetDouble()).ToArray();
        Assert.All(scales.Index(), s => Assert.Equal(s.Item, strength.ScaleOf(s.Index, scales.Length), 1e-9));

        var plan = SamplingPlan.Create(
            new SamplingOptions { Sampler = "DDIM", Scheduler = "ldm", Steps = settings.GetProperty("steps").GetInt32(), Eta = Number(settings, "eta", 0) },
            NoiseSchedule.StableDiffusion);
        var prediction = settings.TryGetProperty("param", out var param) && param.GetString() == "v" ? PredictionType.Velocity : PredictionType.Epsilon;
        var denoiser = new ControlledDenoiser(
            unet, prediction, golden["in.cond"], golden["in.uncond"], Number(settings, "cfg", DefaultGuidance),
            [new AttachedControl(controlNet, controlNet.EncodeHint(golden["in.hint"]), strength)], plan.Steps.Count);
        var (noise, draw) = (golden["in.noise"], 0);
        var (latents, predicted) = (golden[$"{name}/x"], golden[$"{name}/pred_x0"]);
        Assert.Equal((plan.Steps.Count + 1L, (long)plan.Steps.Count), (latents.shape[0], predicted.shape[0]));
        var row = 0;
        var final = plan.Run(
            (noisy, level, step) =>
            {
                Goldens.AssertClose(latents[row], noisy, 1e-4 * Goldens.Amplitude(latents[row]), $"{file} {name} x {row}");
                row++;
                return denoiser.Denoise(noisy, level, step);
            },
            golden["in.x_T"],
            _ => noise[draw++].clone(),
            step =>
            {
                Goldens.AssertClose(predicted[step.Index], step.Denoised, (step.Index == 0 ? 2e-5 : 1e-4) * Goldens.Amplitude(predicted[step.Index]), $"{file} {name} pred_x0 {step.Index}");
            },
            TestContext.Current.CancellationToken);
        var expected = golden[$"{name}/final"];
        Goldens.AssertClose(expected, final, 1e-4 * Goldens.Amplitude(expected), $"{file} {name} final");
        Goldens.AssertClose(latents[row], final, 1e-4 * Goldens.Amplitude(expected), $"{file} {name} x {row}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void Denoise_OfABatchWithAHintAndATextForEachPicture_IsThatOfEachAlone(double guidance)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open("ddim_sample64.safetensors");
        var (unet, controlNet) = Networks(Goldens.Json("ddim_sample64.json"));
        var (x, text, uncond, hint) = (golden["in.x_T"][..1], golden["in.cond"][..1], golden["in.uncond"][..1], golden["in.hint"][..1]);
        Tensor[] texts = [text, uncond * 0.5];
        Tensor[] hints = [controlNet.EncodeHint(hint), controlNet.EncodeHint(1 - hint)];
        var level = NoiseSchedule.StableDiffusion.LevelAt(500);
        foreach (var mode in Enum.GetValues<ControlMode>())
        {
            Tensor Denoise(Tensor noisy, Tensor context, Tensor encoded) => new ControlledDenoiser(
                unet, PredictionType.Epsilon, context, uncond, guidance, [new AttachedControl(controlNet, encoded, new ControlStrength { Mode = mode })], 10).Denoise(noisy, level, 0);
            var both = Denoise(cat([x, x], 0), cat(texts, 0), cat(hints, 0));
            for (var i = 0; i < 2; i++)
            {
                Goldens.AssertClose(Denoise(x, texts[i], hints[i])[0], both[i], 1e-4 * Goldens.Amplitude(both[i]), $"{mode}, picture {i}");
            }
        }
    }

    [Fact]
    public void Denoise_WithTwoControls_AddsTheirScaledResiduals_AndWithWeightZeroOrOutsideTheRangeNone()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open("ddim_sample64.safetensors");
        var (unet, controlNet) = Networks(Goldens.Json("ddim_sample64.json"));
        var (x, cond, uncond) = (golden["in.x_T"], golden["in.cond"], golden["in.uncond"]);
        var hint = controlNet.EncodeHint(golden["in.hint"]);
        var level = NoiseSchedule.StableDiffusion.LevelAt(500);

        Tensor Denoise(params ControlStrength[] strengths) =>
            new ControlledDenoiser(unet, PredictionType.Epsilon, cond, uncond, 7, [.. strengths.Select(s => new AttachedControl(controlNet, hint, s))], 10).Denoise(x, level, 0);

        var plain = Denoise();
        Assert.True(plain.equal(Denoise(new ControlStrength { Weight = 0 })).all().item<bool>());
        Assert.True(plain.equal(Denoise(new ControlStrength { Start = 0.5 })).all().item<bool>());
        var once = Denoise(new ControlStrength { Weight = 1.5 });
        Goldens.AssertClose(once, Denoise(new ControlStrength { Weight = 1 }, new ControlStrength { Weight = 0.5 }), 1e-4 * Goldens.Amplitude(once), "two units");
        Assert.True((once - plain).abs().max().item<float>() > 0.1);
    }

    [Theory]
    [InlineData(ControlMode.Balanced)]
    [InlineData(ControlMode.Control)]
    public void Denoise_OfPartsWithWeights_AddsTheirDifferencesToTheUnconditionalSide(ControlMode mode)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open("ddim_sample64.safetensors");
        var (unet, controlNet) = Networks(Goldens.Json("ddim_sample64.json"));
        var (x, cond, uncond) = (golden["in.x_T"], golden["in.cond"], golden["in.uncond"]);
        var other = cond.flip(1);
        var hint = controlNet.EncodeHint(golden["in.hint"]);
        var level = NoiseSchedule.StableDiffusion.LevelAt(500);
        var (two, hints) = (cat([x, x], 0), cat([hint, controlNet.EncodeHint(1 - golden["in.hint"])], 0));
        Tensor Denoise(double guidance, params (Tensor Context, double Weight)[] parts) => new ControlledDenoiser(
            unet, PredictionType.Epsilon, [new PromptArea([new(new(uncond), [.. parts.Select(part => new WeightedSide(new(part.Context), part.Weight))])])], guidance,
            [new AttachedControl(controlNet, hints, new ControlStrength { Mode = mode })], 10).Denoise(two, level, 0);
        // What is predicted is linear in the sides: u + 7 · (2 · (a − u) − 0.5 · (b − u)).
        var (u, a, b) = (Denoise(7, (uncond, 0)), Denoise(7, (cond, 1)), Denoise(7, (other, 1)));
        var expected = u + 2 * (a - u) - 0.5 * (b - u);
        Goldens.AssertClose(expected, Denoise(7, (cond, 2), (other, -0.5)), 2e-4 * Goldens.Amplitude(expected), "two parts");
        Goldens.AssertClose(a, Denoise(7, (cond, 0.25), (cond, 0.75)), 1e-4 * Goldens.Amplitude(a), "one part twice");
        Goldens.AssertClose(Denoise(2, (cond, 1)), Denoise(1, (cond, 2)), 1e-4 * Goldens.Amplitude(a), "a weight without guidance");
    }

    [Fact]
    public void Denoise_WithPromptsOfSteps_TakesThatOfTheStep_AndTheLastOneBeyond()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var golden = Goldens.Open("ddim_sample64.safetensors");
        var (unet, controlNet) = Networks(Goldens.Json("ddim_sample64.json"));
        using var unused = controlNet;
        var (x, cond, uncond) = (golden["in.x_T"], golden["in.cond"], golden["in.uncond"]);
        var level = NoiseSchedule.StableDiffusion.LevelAt(500);
        var changing = new ControlledDenoiser(unet, PredictionType.Epsilon, [new PromptArea([new(new(uncond), [new(new(cond))]), new(new(cond), [new(new(uncond))])])], 7, [], 3);
        foreach (var (step, (text, negative)) in new[] { (cond, uncond), (uncond, cond), (uncond, cond) }.Index())
        {
            Assert.True(new ControlledDenoiser(unet, PredictionType.Epsilon, text, negative, 7, [], 3).Denoise(x, level, 0).Equals(changing.Denoise(x, level, step)));
        }
    }

    [Theory]
    [InlineData(ControlMode.Balanced)]
    [InlineData(ControlMode.Prompt)]
    [InlineData(ControlMode.Control)]
    public void Denoise_OfSdxl_GivesEachSideItsVector_AndScalesResidualsByTheFirstTenOf13(ControlMode mode)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var p = TinyModel.Sdxl;
        using var unet = TinyModel.UNet(p);
        using var control = TinyModel.ControlNet(p);
        Tensor Draw(int seed, params long[] shape)
        {
            using var generator = new Generator((ulong)seed);
            return randn(shape, generator: generator);
        }

        var (x, cond, uncond) = (Draw(1, 2, 4, 8, 8), Draw(2, 1, 77, p.ContextChannels), Draw(3, 1, 77, p.ContextChannels));
        var (vector, other) = (Draw(4, 1, p.VectorChannels!.Value), Draw(5, 1, p.VectorChannels!.Value));
        var hint = control.EncodeHint(Draw(6, 1, 3, 64, 64));
        var level = NoiseSchedule.StableDiffusion.LevelAt(500);
        var actual = new ControlledDenoiser(unet, PredictionType.Epsilon, [new PromptArea([new(new(uncond, other), [new(new(cond, vector))])])], 5, [new AttachedControl(control, hint, new ControlStrength { Mode = mode, Weight = 0.8 })], 10).Denoise(x, level, 0);

        Tensor Side(Tensor context, Tensor beside, bool isConditional)
        {
            var (texts, vectors, t) = (context.expand(2, -1, -1), beside.expand(2, -1), full([2], level.Timestep, dtype: ScalarType.Float32));
            var residuals = control.Forward(x, t, texts, hint, vectors);
            Assert.Equal(10, residuals.Count);
            return unet.Forward(x, t, texts, mode == ControlMode.Control && !isConditional ? null
                : [.. residuals.Select((residual, i) => residual * 0.8 * (mode == ControlMode.Balanced ? 1 : Math.Pow(0.825, 12 - i)))], vectors);
        }

        var (plain, guided) = (Side(uncond, other, false), Side(cond, vector, true));
        var expected = Predictions.ToDenoised(PredictionType.Epsilon, plain + 5 * (guided - plain), x, level);
        Goldens.AssertClose(expected, actual, 1e-4 * Goldens.Amplitude(expected), $"{mode}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void Denoise_OfAnInpaintingUNet_PutsItsChannelsBehindTheLatents_AndControlNetsDoNotSeeThem(double guidance)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var p = TinyModel.Inpainting;
        using var unet = TinyModel.UNet(p);
        using var control = TinyModel.ControlNet();
        using var autoencoder = TinyModel.Autoencoder();
        var (x, cond, uncond) = (ones(2, 4, 8, 8) * 0.3, ones(1, 77, p.ContextChannels), zeros(1, 77, p.ContextChannels));
        var further = InpaintingChannels.Of(autoencoder, ones(1, 3, 64, 64) * 0.5, cat([ones(1, 1, 64, 24), zeros(1, 1, 64, 40)], 3));
        Assert.Equal([1, 5, 8, 8], further.shape);
        var hint = control.EncodeHint(ones(1, 3, 64, 64));
        var level = NoiseSchedule.StableDiffusion.LevelAt(500);
        ControlledDenoiser Denoiser(Tensor? channels) => new(unet, PredictionType.Epsilon, cond, uncond, guidance, [new AttachedControl(control, hint, new ControlStrength())], 10) { ConcatenatedChannels = channels };
        var actual = Denoiser(further).Denoise(x, level, 0);

        Tensor Side(Tensor context)
        {
            var (texts, t) = (context.expand(2, -1, -1), full([2], level.Timestep, dtype: ScalarType.Float32));
            return unet.Forward(cat([x, further.expand(2, -1, -1, -1)], 1), t, texts, control.Forward(x, t, texts, hint));
        }

        var expected = Predictions.ToDenoised(PredictionType.Epsilon, guidance == 1 ? Side(cond) : Side(uncond) + guidance * (Side(cond) - Side(uncond)), x, level);
        Goldens.AssertClose(expected, actual, 1e-4 * Goldens.Amplitude(expected), "inpainting");
        Assert.Contains("takes 9 channels; 4 were given", Assert.Throws<ArgumentException>(() => Denoiser(null).Denoise(x, level, 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void InpaintingChannels_AreTheRoundedMaskAndTheLatentsOfThePictureWithoutIt()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var autoencoder = TinyModel.Autoencoder();
        using var generator = new Generator(3);
        var picture = rand([2, 3, 32, 32], generator: generator) * 2 - 1;
        var mask = cat([full([1, 1, 32, 8], 0.6f), full([1, 1, 32, 24], 0.4f)], 3);
        var channels = InpaintingChannels.Of(autoencoder, picture, mask);
        Assert.Equal([1f, 0, 0, 0], channels[0, 0, 0].data<float>().ToArray());
        var masked = picture.clone();
        masked.narrow(3, 0, 8).zero_();
        Goldens.AssertClose(autoencoder.Encode(masked).Mean * autoencoder.Params.ScaleFactor, channels.narrow(1, 1, 4), 1e-5, "masked picture");
        var nothing = InpaintingChannels.OfNothing(autoencoder, 32, 24, Placement.Cpu32);
        Assert.Equal([1, 5, 3, 4], nothing.shape);
        Assert.Equal(1, nothing.narrow(1, 0, 1).min().item<float>());
    }

    private static double Number(JsonElement settings, string name, double otherwise) => settings.TryGetProperty(name, out var value) ? value.GetDouble() : otherwise;

    private static (UNet UNet, ControlNet ControlNet) Networks(JsonElement json)
    {
        var p = GoldenNetworks.ControlNetParams(json.GetProperty("config"));
        var seed = uint.Parse(json.GetProperty("weights").GetString()!.Split("seed ")[1].Split(',')[0], CultureInfo.InvariantCulture);
        return (FormulaWeights.Fill(new UNet(p.UNet, Placement.Cpu32), "model.diffusion_model.", seed),
            FormulaWeights.Fill(new ControlNet(p, Placement.Cpu32), "control_model.", seed));
    }
}
