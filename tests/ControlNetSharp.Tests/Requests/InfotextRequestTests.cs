using System.Globalization;
using CsCheck;
using ControlNetSharp.Annotators;
using ControlNetSharp.Requests;
using ControlNetSharp.Samplers;
using Xunit;

namespace ControlNetSharp.Tests.Requests;

public sealed class InfotextRequestTests
{
    private static readonly HashedName Model = new("v1-5-pruned", "6ce0161689");

    public static TheoryData<string, string, string> Dialects()
    {
        var rows = new TheoryData<string, string, string>();
        foreach (var (name, text, expected) in InfotextDialects.All)
        {
            rows.Add(name, text, expected);
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public void Of_EachDialect_GivesItsRequest_AndListsAllThatIsLost(string name, string text, string expected)
    {
        Assert.NotEmpty(name);
        var read = InfotextRequest.Of(Infotext.Parse(text));
        read.Request.Check();
        Assert.Equal(expected.ReplaceLineEndings("\n"), Said(read), ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void Of_WhatWasWrittenForARequest_GivesTheRequest_AndLosesOnlyPictures()
    {
        var annotators = AnnotatorCatalogue.All.Where(info => info.Name != "normal_midas").ToArray();
        var unit = Gen.Select(
            OneOf(annotators), Hundredths, Hundredths, Hundredths, Gen.Enum<ControlMode>(), Gen.Enum<ControlPasses>(),
            Gen.Int[63, 2048], Gen.Int[1, 200],
            (info, weight, a, b, mode, passes, resolution, option) => new ControlUnit
            {
                Kind = info.Kind,
                Annotator = info.Name,
                Picture = "a.png",
                Model = ConditionKind.Find(info.Kind).TakesNetwork ? $"control_{info.Kind} [d14c016b]" : null,
                Weight = 2 * weight,
                Start = Math.Min(a, b),
                End = Math.Max(a, b),
                Mode = mode,
                Passes = passes == ControlPasses.Soft ? ControlPasses.Both : passes,
                Resolution = resolution == 63 || !ConditionKind.Find(info.Kind).TakesNetwork ? null : resolution,
                Options = info.Options.Where(row => row.Words.Count == 0).Take(2).Where(row => row.Allows(option) && option != row.Default)
                    .ToDictionary(row => row.Name, _ => (double)option),
            });
        var hires = Gen.Select(
            Gen.Int[100, 400], Gen.Int[10, 100], Gen.Int[0, 150], OneOf(UpscalerCatalogue.All.ToArray()),
            (scale, denoise, steps, upscaler) => new HiresPass
            {
                Scale = scale / 100.0,
                Denoise = denoise / 100.0,
                Steps = steps == 0 ? null : steps,
                Upscaler = upscaler.Name,
            });
        var request = Gen.Select(
            OneOf(SamplerCatalogue.Samplers.ToArray()), OneOf(SamplerCatalogue.Schedulers.ToArray()), Gen.Int[1, 50],
            Gen.Int[10, 300], Gen.Long[0, uint.MaxValue], Gen.Int[1, 12], Gen.Bool,
            Gen.Null(hires.Select(pass => (object)pass)),
            (sampler, scheduler, steps, cfg, seed, skip, tiling, pass) => new GenerationRequest
            {
                Prompt = "a fox, (red: 1.2)\nin \"snow\"",
                NegativePrompt = "Steps: 5",
                Model = Model.ToString(),
                Sampler = sampler.Name,
                Scheduler = scheduler.Name,
                Steps = steps,
                GuidanceScale = cfg / 10.0,
                Seed = seed,
                ClipSkip = skip == 1 ? null : skip,
                Tiling = tiling,
                Hires = (HiresPass?)pass,
                Size = (512, 768),
            });
        Gen.Select(request.Where(IsAllowed), unit.Array[0, 3]).Sample((given, units) =>
        {
            var facts = new InfotextFacts { Size = (512, 768), Seed = given.Seed!.Value, Model = Model, Version = "ControlNetSharp 1.0.0" };
            var text = Infotext.Of(given with { Units = units }, facts);
            var read = InfotextRequest.Of(Infotext.Parse(text.ToString()));
            Assert.Equal(given, read.Request with { Units = given.Units });
            Assert.Equal(units.Select(Comparable), read.Units.Select(found => Comparable(found.With("a.png"))));
            Assert.Equal(units.Select((_, index) => $"ControlNet {index}"), read.Losses.Select(loss => loss.Key));
            Assert.True(read.HasSameNoise);
        }, iter: 300);
    }

    [Theory]
    [InlineData("canny", "Balanced", "Both", "v1.10.1", ControlPasses.Soft, ControlMode.Balanced)]
    [InlineData("mlsd", "Balanced", "High res only", "v1.10.1", ControlPasses.High, ControlMode.Prompt)]
    [InlineData("canny", "Balanced", "Low res only", "v1.10.1", ControlPasses.Low, ControlMode.Balanced)]
    [InlineData("canny", "ControlNet is more important", "Both", "v1.10.1", ControlPasses.Both, ControlMode.Control)]
    [InlineData("depth_midas", "Balanced", "Both", "v1.10.1", ControlPasses.Both, ControlMode.Balanced)]
    [InlineData("canny", "Balanced", "Both", "ControlNetSharp 1.0.0", ControlPasses.Both, ControlMode.Balanced)]
    public void Of_APictureOfTwoPasses_SoftensHardLinesInTheSecondAsTheExtensionDid(string module, string mode, string option, string version, ControlPasses passes, ControlMode read)
    {
        ControlUnit Unit(string hires) => InfotextRequest.Of(Infotext.Parse(
            $"a fox\nSteps: 20, Sampler: Euler, Seed: 7, Size: 512x512, {hires}Model: m, ControlNet 0: \"Module: {module}, Model: c, Weight: 1, Control Mode: {mode}, Hr Option: {option}\", Version: {version}"))
            .Units[0].With("a.png");
        var unit = Unit("Denoising strength: 0.5, Hires upscale: 2, Hires upscaler: Latent, ");
        Assert.Equal((passes, read), (unit.Passes, unit.Mode));
        Assert.NotEqual(ControlPasses.Soft, Unit("").Passes);
    }

    [Fact]
    public void Of_ARequestWithStrengthsThatTheTextHasNoWordsFor_SaysTheMeanOfACurve_AndNamesTheRest()
    {
        var unit = ControlUnit.Depth("a.png") with { Weight = ControlWeight.Curve((0, 1), (1, 0)), Softness = 0.9, UnconditionalFactor = 0 };
        GenerationRequest Request(params ControlUnit[] units) => new() { Prompt = "a fox", Units = units };
        var request = Request(ControlUnit.Canny("a.png") with { Passes = ControlPasses.Soft }, unit with { Start = 0.5 }, ControlUnit.Depth("a.png") with { Passes = ControlPasses.Soft });
        var text = Infotext.Of(request, new InfotextFacts { Size = (512, 512), Seed = 7, Model = Model });
        Assert.Contains("Weight: 0.25,", text["ControlNet 1"], StringComparison.Ordinal);
        Assert.Contains("Hr Option: Both", text["ControlNet 2"], StringComparison.Ordinal);
        var unsaid = InfotextWriter.Unsaid(request).ToList();
        Assert.Equal(
            [("units[1].weight", "weight=0:1|1:0"), ("units[1].softness", "softness=0.9"), ("units[1].unconditional", "unconditional=0"), ("units[2].hires", "hires=soft")],
            unsaid.Select(said => (said.Member, said.Value)));
        Assert.Contains("the mean, 0.25.", unsaid[0].Problem, StringComparison.Ordinal);
        Assert.Empty(InfotextWriter.Unsaid(Request(unit with { Weight = 0 }, ControlUnit.Canny("a.png"))));
    }

    [Fact]
    public void Of_ARequest_WritesTheKeysInTheOrderOfStableDiffusionWebui()
    {
        var request = new GenerationRequest
        {
            Prompt = "a fox <lora:snow:0.8>",
            NegativePrompt = "blurry",
            Sampler = "DPM++ 2M",
            Steps = 25,
            GuidanceScale = 6.5,
            ClipSkip = 2,
            Tiling = true,
            Hires = new HiresPass { Scale = 1.5, Denoise = 0.4, Steps = 10, Upscaler = "latent-nearest" },
            Units =
            [
                ControlUnit.Canny("a.png") with
                {
                    Weight = 0.8,
                    Resolution = 512,
                    Options = new Dictionary<string, double> { ["low"] = 50 },
                },
            ],
        };
        var text = Infotext.Of(request, new InfotextFacts
        {
            Size = (512, 640),
            Seed = 7,
            Model = new("v1-5", new string('a', 64)),
            Vae = new("mse", new string('b', 64)),
            ControlNets = [new("control_v11p_sd15_canny", "d14c016b")],
            Loras = [new("snow", new string('c', 64)), new("ice, thin", new string('d', 64))],
            Embeddings = [new("bad", new string('e', 64))],
            Version = "ControlNetSharp 1.0.0",
        });
        Assert.Equal(
            "a fox <lora:snow:0.8>\nNegative prompt: blurry\n"
            + "Steps: 25, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, "
            + "Seed: 7, Size: 512x640, Model hash: aaaaaaaaaa, Model: v1-5, "
            + "VAE hash: bbbbbbbbbb, VAE: mse, Denoising strength: 0.4, Clip skip: 2, RNG: CPU, Tiling: True, "
            + "ControlNet 0: \"Module: canny, Model: control_v11p_sd15_canny [d14c016b], Weight: 0.8, "
            + "Resize Mode: Crop and Resize, Processor Res: 512, Threshold A: 50, Threshold B: 200, "
            + "Guidance Start: 0, Guidance End: 1, Pixel Perfect: False, Control Mode: Balanced, Hr Option: Both\", "
            + "Hires upscale: 1.5, Hires steps: 10, Hires upscaler: Latent (nearest), "
            + "Lora hashes: \"snow: cccccccccccc, ice thin: dddddddddddd\", TI hashes: \"bad: eeeeeeeeeeee\", "
            + "Version: ControlNetSharp 1.0.0",
            text.ToString());
    }

    [Fact]
    public void Of_ARequestFromAPicture_SaysItsMask_AndReadsAsLost()
    {
        var mask = new InpaintMask
        {
            Picture = "m.png",
            Blur = 8,
            Content = MaskedContent.Noise,
            OnlyMasked = true,
            Padding = 16,
        };
        var initial = new InitialPicture { Picture = "a.png", Denoise = 0.6, Mask = mask };
        var request = new GenerationRequest { Prompt = "a sofa", Initial = initial };
        var text = Infotext.Of(request, new InfotextFacts { Size = (512, 512), Seed = 7, Model = Model });
        string[] keys = ["Denoising strength", "Mask blur", "Inpaint area", "Masked area padding", "Masked content"];
        Assert.Equal(["0.6", "8", "Only masked", "16", "latent noise"], keys.Select(key => text[key]));
        var lost = InfotextRequest.Of(text).Losses;
        Assert.Equal(keys, lost.Select(loss => loss.Key));
        Assert.All(lost, loss => Assert.Contains("picture to start from", loss.Reason, StringComparison.Ordinal));
    }

    private static readonly Gen<double> Hundredths = Gen.Int[0, 100].Select(hundredths => hundredths / 100.0);

    private static Gen<T> OneOf<T>(T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);

    private static bool IsAllowed(GenerationRequest request)
    {
        try
        {
            request.Check();
            return true;
        }
        catch (RequestException)
        {
            return false;
        }
    }

    private static string Comparable(ControlUnit unit)
    {
        var options = unit.Options.OrderBy(option => option.Key, StringComparer.Ordinal);
        var others = unit with { Picture = null!, Options = new Dictionary<string, double>() };
        return $"{others} {string.Join(' ', options)}";
    }

    /// <summary>The whole result in a few lines.</summary>
    internal static string Said(InfotextRequest read)
    {
        var request = read.Request;
        var lines = new List<string>
        {
            $"{request.Model}, vae {request.Vae ?? "own"}, size {request.Size?.ToString() ?? "-"}, "
            + $"{request.Steps} {request.Sampler} {request.Scheduler}, cfg {Text(request.GuidanceScale)}, "
            + $"seed {Text(request.Seed)}, skip {Text(request.ClipSkip)}"
            + (request.Tiling ? ", tiling" : "") + (read.HasSameNoise ? ", same noise" : ""),
        };
        if (request.Hires is { } hires)
        {
            var size = hires.SizeOf(request.Size ?? default);
            lines.Add($"hires {size}, denoise {Text(hires.Denoise)}, steps {Text(hires.Steps)}, {hires.Upscaler}");
        }

        foreach (var (key, unit) in read.Units.Select(unit => (unit.Key, unit.With("a.png"))))
        {
            var options = string.Concat(unit.Options.Select(option => $", {option.Key} {Text(option.Value)}"));
            lines.Add($"{key}: {unit.Kind} by {unit.Annotator ?? "none"}, {unit.Model}, {unit.Weight} in "
                + $"{Text(unit.Start)}..{Text(unit.End)}, {unit.Mode}, {unit.Resize}, {unit.Passes}, "
                + $"at {Text(unit.Resolution)}{options}");
        }

        lines.AddRange(read.Loras.Select(lora => $"lora {lora}"));
        lines.AddRange(read.Embeddings.Select(embedding => $"embedding {embedding}"));
        lines.AddRange(read.Losses.Select(loss => $"lost {loss with { Value = Shortened(loss.Value) }}"));
        return string.Join('\n', lines);
    }

    private static string Shortened(string value) => value.Length > 50 ? value[..50] + "…" : value;

    private static string Text(IFormattable? value) => value?.ToString(null, CultureInfo.InvariantCulture) ?? "-";
}
