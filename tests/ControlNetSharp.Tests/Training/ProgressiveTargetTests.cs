using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using ControlNetSharp.Training;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Training;

/// <summary>Progressive distillation: its loss, and what a student without error does.</summary>
public sealed class ProgressiveTargetTests
{
    /// <summary>The levels of Stable Diffusion, worked out apart from the project's schedule.</summary>
    private static readonly double[] Products = [.. CumulativeProducts()];

    [Theory]
    [InlineData(PredictionType.Epsilon, 4, 20)]
    [InlineData(PredictionType.Velocity, 4, 8)]
    [InlineData(PredictionType.Velocity, 2, 6)]
    [InlineData(PredictionType.Sample, 1, 4)]
    public void Loss_IsThatOfTheFormulas_InDoublePrecision(PredictionType prediction, int steps, int teacherSteps)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5, CPU);
        var p = TinyModel.UNetParams;
        Tensor Random(params long[] shape) => randn(shape, generator: generator);
        var (latents, noise, context) = (Random(2, 4, 8, 8), Random(2, 4, 8, 8), Random(2, 77, p.ContextChannels));
        using var teacher = TinyModel.UNet();
        using var student = FormulaWeights.Fill(new UNet(p, Placement.Cpu32), TinyModel.UNetPrefix, seed: 7);
        var taught = new List<(double[] Noisy, double[] Output, long[] Timesteps)>();
        var (asked, answered) = (Array.Empty<double>(), Array.Empty<double>());
        var loss = new ProgressiveLoss { Prediction = prediction, Steps = steps, TeacherSteps = teacherSteps };
        long[] from = [999, loss.TimestepAt(0.999)];
        using var _ = no_grad();
        var value = loss.Of(
            (x, t) =>
            {
                var output = student.Forward(x, t, context);
                (asked, answered) = (Doubles(x), Doubles(output));
                Assert.Equal(from, t.data<long>().ToArray());
                return output;
            },
            (x, t) =>
            {
                var output = teacher.Forward(x, t, context);
                taught.Add((Doubles(x), Doubles(output), [.. t.data<long>()]));
                return output;
            },
            latents,
            noise,
            tensor(from));

        var inOne = teacherSteps / steps;
        Assert.Equal((inOne, 2 * inOne), (taught.Count, loss.TaughtPasses));
        var (clean, drawn) = (Doubles(latents), Doubles(noise));
        var each = clean.Length / from.Length;
        var sum = 0.0;
        for (var i = 0; i < clean.Length; i++)
        {
            var picture = i / each;
            var (alpha, sigma) = Level(from[picture]);
            // Where a picture begins there is only noise.
            var start = (from[picture] == 999 ? 0 : alpha * clean[i]) + sigma * drawn[i];
            Assert.Equal(start, asked[i], 1e-5);
            var at = start;
            var end = from[picture] - 1000L / steps;
            for (var step = 0; step < inOne; step++)
            {
                var (noisy, output, timesteps) = taught[step];
                Assert.Equal(at, noisy[i], 2e-4 * Math.Max(1, Math.Abs(at)));
                var (a, s) = Level(timesteps[picture]);
                var (x0, epsilon) = Parts(prediction, noisy[i], output[i], a, s);
                var next = step + 1 < inOne ? taught[step + 1].Timesteps[picture] : end;
                var (aTo, sTo) = Level(next);
                at = aTo * x0 + sTo * epsilon;
            }

            // One step of DDIM from the student's clean latents is to come to the same.
            var (alphaEnd, sigmaEnd) = Level(end);
            var student0 = Parts(prediction, start, answered[i], alpha, sigma).Clean;
            var comesTo = alphaEnd * student0 + sigmaEnd * (start - alpha * student0) / sigma;
            var difference = (comesTo - at) / (alphaEnd - sigmaEnd * alpha / sigma);
            sum += Math.Max(alpha * alpha / (sigma * sigma), 1) * difference * difference;
        }

        var expected = sum / clean.Length;
        Assert.True(expected > 1e-3);
        Assert.Equal(expected, value.item<float>(), 2e-3 * expected);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(3)]
    public void Timesteps_AreThoseOfTheTrailingScheduler(int steps)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3, CPU);
        var loss = new ProgressiveLoss { Steps = steps, TeacherSteps = 2 * steps };
        var drawn = loss.DrawTimesteps(500, generator).data<long>().ToArray();
        var trailing = TimestepSpacing.Trailing(1000, steps).Select(t => (long)t).ToArray();
        Assert.Equal(trailing.Order(), drawn.Distinct().Order());
        Assert.Equal((trailing[0], trailing[^1]), (loss.TimestepAt(0), loss.TimestepAt(0.999)));
    }

    [Fact]
    public void Loss_OfAStudentThatKnowsTheWay_IsNone()
    {
        // Where all noise of a point is the same whatever the timestep, one step comes to the same as several.
        using var scope = NewDisposeScope();
        using var generator = new Generator(4, CPU);
        var (latents, noise) = (randn([4, 4, 8, 8], generator: generator), randn([4, 4, 8, 8], generator: generator));
        var loss = new ProgressiveLoss();
        var right = loss.Of((x, t) => noise, (x, t) => noise, latents, noise, tensor(new long[] { 749, 499, 249, 249 }));
        Assert.InRange(right.item<float>(), 0, 1e-6);
        var wrong = loss.Of((x, t) => noise * 1.01, (x, t) => noise, latents, noise, tensor(new long[] { 749, 499, 249, 249 }));
        Assert.True(wrong.item<float>() > 1e-5);
    }

    private static IEnumerable<double> CumulativeProducts()
    {
        // Stable Diffusion's betas: squares of evenly spaced roots.
        var product = 1.0;
        for (var i = 0; i < 1000; i++)
        {
            var root = Math.Sqrt(0.00085) + i / 999.0 * (Math.Sqrt(0.012) - Math.Sqrt(0.00085));
            yield return product *= 1 - root * root;
        }
    }

    /// <summary>The factors of clean latents and noise; before the first timestep there is no noise.</summary>
    private static (double Alpha, double Sigma) Level(long timestep) =>
        timestep < 0 ? (1, 0) : (Math.Sqrt(Products[timestep]), Math.Sqrt(1 - Products[timestep]));

    private static (double Clean, double Noise) Parts(PredictionType type, double noisy, double output, double alpha, double sigma) =>
        type switch
        {
            PredictionType.Epsilon => ((noisy - sigma * output) / alpha, output),
            PredictionType.Velocity => (alpha * noisy - sigma * output, sigma * noisy + alpha * output),
            _ => (output, (noisy - alpha * output) / sigma),
        };

    private static double[] Doubles(Tensor values) => [.. values.detach().to(ScalarType.Float64).contiguous().data<double>()];
}
