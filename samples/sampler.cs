// A sampler of one's own, in one file: gradient estimation, Euler's method with a direction that looks ahead
// (Permenter and Yuan 2023, arXiv:2306.04848, algorithm 2).
// dotnet run samples/sampler.cs -- docs/pictures/coffee.png "a blue cup on a wooden table" out.png
#:project ../src/ControlNetSharp.Cpu
#:project ../src/ControlNetSharp.Pocket
using ControlNetSharp.Engine;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using static TorchSharp.torch;

var (photograph, prompt, output) = (args[0], args[1], args[2]);
var steps = args.Length > 3 ? int.Parse(args[3], System.Globalization.CultureInfo.InvariantCulture) : 10;
var entry = new SamplerEntry("Gradient estimation", ["ge"], defaultScheduler: "uniform", GradientEstimation);
using var registered = SamplerCatalogue.Register(entry);

// From here on it is known by its names to requests, JSON and web APIs of this process.
await using var engine = new ControlNetEngine();
var request = new GenerationRequest
{
    Prompt = prompt,
    Seed = 7,
    Sampler = "ge",
    Steps = steps,
    Units = [ControlUnit.Canny(photograph)],
};
var result = await engine.GenerateAsync(request);
result.Pictures[0].Save(output);

static Tensor GradientEstimation(
    Denoiser denoise,
    Tensor latents,
    IReadOnlyList<LevelStep> steps,
    double eta,
    NoiseSource noise,
    Action<SamplerStep>? onStep,
    CancellationToken cancellationToken
)
{
    const double Gamma = 2;
    using var scope = NewDisposeScope();
    var x = latents.alias();
    Tensor? lastNoise = null;
    for (var i = 0; i < steps.Count; i++)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (from, to) = steps[i];
        var clean = denoise(x, from, i);
        onStep?.Invoke(new SamplerStep(i, steps.Count, from, clean));
        var predicted = (x - clean.Times(from.Alpha)).Over(from.Sigma);
        if (lastNoise is null)
        {
            x = clean.Times(to.Alpha).Plus(predicted.Times(to.Sigma));
        }
        else
        {
            // x' / α' = x / α + (s' - s) · ahead, with s = σ / α.
            var ahead = predicted.Times(Gamma).Plus(lastNoise.Times(1 - Gamma));
            x = clean
                .Times(to.Alpha)
                .Plus(ahead.Times(to.Sigma))
                .Plus((predicted - ahead).Times(to.Alpha * from.RelativeSigma));
        }

        lastNoise = predicted;
        scope.DisposeEverythingBut(x, lastNoise);
    }

    return x.MoveToOuterDisposeScope();
}
