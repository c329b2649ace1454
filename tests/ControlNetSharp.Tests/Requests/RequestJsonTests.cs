using System.Text;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Tests.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Requests;

public class RequestJsonTests
{
    /// <summary>A request with no member at its default, so that what is not written or read shows.</summary>
    internal static GenerationRequest Full { get; } = new()
    {
        Prompt = "a red sofa, \"naïve\"",
        NegativePrompt = "blur",
        Model = "v1-5-pruned.safetensors [6ce0161689]",
        Vae = "vae.pt",
        Prediction = PredictionType.Velocity,
        Size = (512, 768),
        Steps = 31,
        Sampler = "DPM++ 2M",
        Scheduler = "karras",
        GuidanceScale = 6.5,
        Seed = uint.MaxValue - 63,
        Batch = 4,
        Count = 16,
        ClipSkip = 2,
        Tiling = true,
        OriginalSize = new() { Width = 1024, Height = 2048, Left = 3, Top = 4 },
        StyleAlignment = new() { All = true, Adapts = false, Values = true, Norms = true, Scale = 0.5, Shift = -0.7, Plain = 0.25 },
        Initial = new()
        {
            Picture = "room.png",
            Denoise = 0.4,
            Resize = ResizeMode.Fill,
            Mask = new() { Picture = PictureSource.FromBytes([1, 2, 3]), Blur = 0, Content = MaskedContent.Nothing, OnlyMasked = true, Padding = 7 },
        },
        Units =
        [
            new()
            {
                Kind = "canny", Picture = PictureSource.FromFile("a.png", new string('a', 64)), Model = "own.safetensors", Annotator = "canny", Options = new Dictionary<string, double> { ["low"] = 1, ["high"] = 2 },
                Weight = 0.25, Start = 0.1, End = 0.9, Mode = ControlMode.Control, Layers = [1, 0.5], Resize = ResizeMode.Just, Resolution = 384, Channels = ChannelOrder.Bgr,
                Passes = ControlPasses.High, Mask = "m.png", Pooling = ResidualPooling.Average,
            },
            ControlUnit.Hint("b.png", "inpaint.pth") with { Holes = "h.png" },
        ],
    };

    [Fact]
    public void Write_ThenRead_GivesTheSameRequest()
    {
        var text = RequestJson.Write(Full);
        Assert.Equal(text, RequestJson.Write(Read(text)));
        Assert.Equal("v", System.Text.Json.JsonDocument.Parse(text).RootElement.GetProperty("prediction").GetString());
        Assert.DoesNotContain("null", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OfWhatIsLeftOut_GivesTheDefaultsOfANewRequest()
    {
        var minimal = """{"prompt":"a cup","units":[{"kind":"canny","picture":"a.png"}],"initial":{"picture":"b.png","mask":{"picture":"c.png"}}}""";
        var built = new GenerationRequest
        {
            Prompt = "a cup", Units = [ControlUnit.Canny("a.png")], Initial = new() { Picture = "b.png", Mask = new() { Picture = "c.png" } },
        };
        Assert.Equal(RequestJson.Write(built), RequestJson.Write(Read(minimal)));
        Assert.Equal(RequestJson.Write(new() { Prompt = "", Hires = new() }), RequestJson.Write(Read("""{"prompt":"","hires":{}}""")));
    }

    [Theory]
    [InlineData("""{"prompt":"x","units":[{"kind":"canny","picture":"a"},{"kind":"canny","picture":"a","wieght":1}]}""", "units[1].wieght", "no such member")]
    [InlineData("""{"prompt":"x","stepz":1}""", "stepz", "no such member")]
    [InlineData("""{"prompt":"x","hires":{"steps":{}}}""", "hires.steps", "wrong type")]
    [InlineData("""{"prompt":"x","steps":"20"}""", "steps", "wrong type")]
    [InlineData("""{"prompt":"x","steps":2.5}""", "steps", "wrong type")]
    [InlineData("""{"prompt":"x","prompt":"y"}""", "", "prompt")]
    [InlineData("""{"prompt":null}""", "prompt", "null")]
    [InlineData("""{"prompt":"\ud800"}""", "", "half a character")]
    [InlineData("""{"prompt":"x","\udc00":1}""", "", "half a character")]
    [InlineData("""{"steps":3}""", "", "lacks 'prompt'")]
    [InlineData("""{"prompt":"x","units":[{"kind":"canny"}]}""", "units[0]", "lacks 'picture'")]
    [InlineData("""{"prompt":"x","units":[{"kind":"canny","picture":"a","mode":"strong"}]}""", "units[0].mode", "allowed words")]
    [InlineData("""{"prompt":"x","units":[{"kind":"canny","picture":"a","mode":1}]}""", "units[0].mode", "")]
    [InlineData("""{"prompt":"x","units":[{"kind":"canny","picture":{"path":"a","data":"AA=="}}]}""", "units[0].picture", "either 'path' or 'data'")]
    [InlineData("""{"prompt":"x","units":[{"kind":"canny","picture":"data:image/png,abc"}]}""", "units[0].picture", "base64")]
    [InlineData("""{"prompt":"x","units":[{"kind":"canny","picture":{"path":"a","sha256":"ABC"}}]}""", "units[0].picture", "64 lower-case")]
    [InlineData("""["prompt"]""", "", "")]
    [InlineData("""{"prompt":"x" """, "", "")]
    [InlineData("null", "", "null")]
    public void Read_OfWhatIsNoRequest_NamesTheMember(string json, string member, string expected)
    {
        var e = Assert.Throws<RequestException>(() => Read(json));
        Assert.Equal(member, e.Member);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("ControlNetSharp.", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"prompt":"x","version":2}""", "version", "2")]
    [InlineData("""{"prompt":"a\u0000b"}""", "prompt", null)]
    [InlineData("""{"prompt":"x","model":"a\u0000b"}""", "model", null)]
    [InlineData("""{"prompt":"x","units":[{"kind":"canny","picture":"a","annotator":"a\u0000"}]}""", "units[0].annotator", null)]
    [InlineData("""{"prompt":"x","units":[{"kind":"canny","picture":"a","weight":2.5}]}""", "units[0].weight", "2.5")]
    [InlineData("""{"prompt":"x","units":[{"kind":"canny","picture":"a","layers":[1,3]}]}""", "units[0].layers[1]", "3")]
    [InlineData("""{"prompt":"x","units":[{"kind":"canny","picture":"a","start":0.8,"end":0.2}]}""", "units[0].start", "0.8")]
    [InlineData("""{"prompt":"x","units":[{"kind":"cany","picture":"a"}]}""", "units[0].kind", "cany")]
    [InlineData("""{"prompt":"x","units":[{"kind":"canny","picture":"a","annotator":"depth"}]}""", "units[0].annotator", "depth")]
    [InlineData("""{"prompt":"x","units":[{"kind":"canny","picture":"a","options":{"low":300}}]}""", "units[0].options.low", "300")]
    [InlineData("""{"prompt":"x","units":[{"kind":"canny","picture":"a","options":{"lo":3}}]}""", "units[0].options.lo", "3")]
    [InlineData("""{"prompt":"x","units":[{"kind":"hint","picture":"a"}]}""", "units[0].model", null)]
    [InlineData("""{"prompt":"x","size":{"width":500,"height":512}}""", "size", "500x512")]
    [InlineData("""{"prompt":"x","size":{"width":512}}""", "size", "512x0")]
    [InlineData("""{"prompt":"x","seed":4294967296}""", "seed", "4294967296")]
    [InlineData("""{"prompt":"x","seed":4294967295,"batch":2}""", "seed", "4294967295")]
    [InlineData("""{"prompt":"x","sampler":"Oiler"}""", "sampler", "Oiler")]
    [InlineData("""{"prompt":"x","scheduler":"karas"}""", "scheduler", "karas")]
    [InlineData("""{"prompt":"x","sampler":"LCM","steps":60}""", "steps", "60")]
    [InlineData("""{"prompt":"x","hires":{"upscaler":" "}}""", "hires.upscaler", " ")]
    [InlineData("""{"prompt":"x","upscale":{"upscaler":"Latent (bicubic)"}}""", "upscale.upscaler", "Latent (bicubic)")]
    [InlineData("""{"prompt":"x","upscale":{"scale":9}}""", "upscale.scale", "9")]
    [InlineData("""{"prompt":"x","hires":{"denoise":0.01,"steps":100}}""", "hires.denoise", "0.01")]
    [InlineData("""{"prompt":"x","hires":{"scale":4},"size":{"width":2048,"height":64}}""", "hires.scale", "4")]
    [InlineData("""{"prompt":"x","hires":{},"initial":{"picture":"a"}}""", "hires", null)]
    [InlineData("""{"prompt":"x","initial":{"picture":"a","mask":{"picture":"b","blur":65}}}""", "initial.mask.blur", "65")]
    [InlineData("""{"prompt":"x","originalSize":{"width":0,"height":1}}""", "originalSize.width", "0")]
    public void Read_OfWhatIsNotAllowed_NamesMemberAndValue(string json, string member, string? value)
    {
        var e = Assert.Throws<RequestException>(() => Read(json));
        Assert.Equal((member, value), (e.Member, e.Value));
        Assert.NotEmpty(e.Problem);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-0.001)]
    [InlineData(2.001)]
    public void Check_OfAWeightOutOfRange_Throws(double weight)
    {
        var request = new GenerationRequest { Prompt = "x", Units = [ControlUnit.Canny("a.png") with { Weight = weight }] };
        Assert.Equal("units[0].weight", Assert.Throws<RequestException>(request.Check).Member);
        (request with { Units = [ControlUnit.Canny("a.png") with { Weight = 2 }] }).Check();
    }

    [Fact]
    public void Read_WithAFolder_CountsPathsFromIt_AndLeavesNamesOfModels()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["own.safetensors"], "");
        var json = """{"prompt":"x","model":"v1-5","units":[{"kind":"hint","picture":"a.png","model":"own.safetensors","mask":"/b.png"}]}""";
        var request = RequestJson.Read(Encoding.UTF8.GetBytes("\uFEFF" + json), folder.Path);
        Assert.Equal(
            ("v1-5", folder["a.png"], folder["own.safetensors"], "/b.png"),
            (request.Model, request.Units[0].Picture.Path, request.Units[0].Model, request.Units[0].Mask!.Path));
    }

    private static GenerationRequest Read(string json) => RequestJson.Read(Encoding.UTF8.GetBytes(json));
}
