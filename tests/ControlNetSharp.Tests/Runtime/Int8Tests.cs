using ControlNetSharp.Checkpoints;
using ControlNetSharp.Engine;
using ControlNetSharp.Models;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Layers;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Checkpoints.Loras;
using ControlNetSharp.Tests.Pictures;
using Xunit;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ControlNetSharp.Tests.Runtime;

/// <summary>Layers, networks and pictures in 8 bits, compared with floats.</summary>
public sealed class Int8Tests : IDisposable
{
    private const string Model = "model.safetensors";
    private readonly TemporaryFolder _folder = new();

    private static Placement Int8 { get; } = Placement.Cpu32 with { Int8 = true };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ScalarType.Float32, -3, 5)]
    [InlineData(ScalarType.BFloat16, -3, 5)]
    [InlineData(ScalarType.BFloat16, 1, 2)]
    [InlineData(ScalarType.Float32, -2, -1)]
    [InlineData(ScalarType.Float32, 0, 0)]
    public void Activation_IsWithinHalfAStep_AndHoldsZeroExactly(ScalarType dtype, double least, double greatest)
    {
        using var scope = NewDisposeScope();
        // No multiple of what the processor takes at once.
        var x = (rand(7, 3, 5, dtype: ScalarType.Float32) * (greatest - least) + least).to(dtype);
        var rounded = Int8Activation.Of(x);
        var values = (rounded.Values.to(ScalarType.Float64) - rounded.Zero) * rounded.Scale;
        Assert.Equal(x.shape, values.shape);
        Goldens.AssertClose(x.to(ScalarType.Float64), values, rounded.Scale * 0.5001, $"{least} to {greatest}");
        Assert.InRange(rounded.Zero, 0, 255);
    }

    [Fact]
    public void Activation_OfWhatIsNoNumber_GivesNoNumbers()
    {
        RequireInt8();
        using var scope = NewDisposeScope();
        using var weight = new Int8Weight(rand(32, 32), bias: null);
        Assert.True(weight.Linear(tensor(Enumerable.Repeat(1f, 31).Append(float.NaN).ToArray(), [1, 32])).isnan().all().item<bool>());
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Linear_OfNormalNumbers_LosesLittle(ScalarType dtype)
    {
        RequireInt8();
        using var scope = NewDisposeScope();
        using var layer = new LinearLayer(96, 64, bias: true, Placement.Cpu32 with { Dtype = dtype });
        Fill(layer);
        var x = randn(2, 33, 96).to(dtype);
        var expected = layer.call(x);
        layer.ToInt8();
        var actual = layer.call(x);
        Assert.Equal((dtype, (2L, 33L, 64L)), (actual.dtype, (actual.shape[0], actual.shape[1], actual.shape[2])));
        Assert.InRange(Decibels(expected, actual), 34, 60);
        Assert.Equal(["bias"], layer.named_parameters().Select(parameter => parameter.name));
    }

    [Theory]
    [InlineData(3, 1, 1, false)]
    [InlineData(3, 2, 1, false)]
    [InlineData(1, 1, 0, false)]
    [InlineData(3, 1, 1, true)]
    public void Convolution_OfNormalNumbers_LosesLittle(int kernel, int stride, int padding, bool wrapsAround)
    {
        RequireInt8();
        using var scope = NewDisposeScope();
        using var layer = new ConvolutionLayer(64, 96, kernel, stride, padding, Placement.Cpu32) { WrapsAround = wrapsAround };
        Fill(layer);
        var x = randn(2, 64, 9, 12) + 1;
        var expected = layer.call(x);
        layer.ToInt8();
        Assert.InRange(Decibels(expected, layer.call(x)), 34, 60);
        // The order in which memory holds the channels does not count.
        Goldens.AssertClose(layer.call(x), layer.call(x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)), 0, "channels last");
    }

    [Fact]
    public void Convert_OfStableDiffusionsUNet_TakesNinetySevenInAHundredOfItsWeights_AndNoneThatSeesLatentsTextOrTime()
    {
        RequireInt8();
        using var unet = new UNet(UNetParams.Sd15, Placement.Meta);
        var weights = unet.named_parameters().ToDictionary(p => p.name, p => p.parameter.numel());
        var taken = weights.Where(p => Int8Layers.Takes(p.Key[..p.Key.LastIndexOf('.')]) && p.Key.EndsWith(".weight", StringComparison.Ordinal)).ToList();
        Assert.InRange(taken.Sum(p => p.Value) / (double)weights.Values.Sum(), 0.94, 0.97);
        Assert.DoesNotContain(taken, p => p.Key.StartsWith("time_embed", StringComparison.Ordinal) || p.Key.StartsWith("input_blocks.0.", StringComparison.Ordinal) || p.Key.StartsWith("out.", StringComparison.Ordinal) || p.Key.Contains("emb_layers", StringComparison.Ordinal));
        using var control = new ControlNet(new ControlNetParams { UNet = UNetParams.Sd15 }, Placement.Meta);
        Assert.DoesNotContain(control.named_parameters(), p => (p.name.StartsWith("zero_convs", StringComparison.Ordinal) || p.name.StartsWith("input_hint_block", StringComparison.Ordinal) || p.name.StartsWith("middle_block_out", StringComparison.Ordinal)) && Int8Layers.Takes(p.name[..p.name.LastIndexOf('.')]));
    }

    [Fact]
    public void LoadModel_In8Bits_PredictsNearlyTheSame_AndTakesLessMemory()
    {
        RequireInt8();
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var floats = CheckpointLoader.LoadModel(TinyModel.WriteModel(_folder[Model]), Placement.Cpu32);
        using var int8 = CheckpointLoader.LoadModel(_folder[Model], Int8);
        var (latents, times, text) = (randn(2, 4, 8, 8), tensor([500f, 20f]), randn(2, 77, TinyModel.Width));
        Assert.InRange(Decibels(floats.UNet.Forward(latents, times, text), int8.UNet.Forward(latents, times, text)), 25, 60);
        Assert.InRange(NetworkShelf.BytesOf(int8.UNet) / (double)NetworkShelf.BytesOf(floats.UNet), 0.25, 0.6);
        Assert.Equal(NetworkShelf.BytesOf(floats.Autoencoder), NetworkShelf.BytesOf(int8.Autoencoder));
    }

    [Fact]
    public async Task Generate_WithALora_IsThatOfAFileWithTheLoraInIt_AndLeavesTheModelWithoutIt()
    {
        RequireInt8();
        TinyModel.WriteModel(_folder[Model]);
        var lora = TinyLora.Write(_folder["ink.safetensors"], "kohya");
        // Sums are rounded as the engine rounds them, to what lies between layers in 8 bits.
        using (var model = CheckpointLoader.LoadModel(_folder[Model], PlacementPolicy.Choose("cpu", "auto")))
        {
            ControlNetSharp.Checkpoints.Loras.AppliedLoras.Merge(model, [new(lora, 0.8, 0.8)]);
            var merged = model.UNet.named_parameters().Select(p => (Name: TinyModel.UNetPrefix + p.name, p.parameter))
                .Concat(((Module)model.Text).named_parameters().Select(p => (Name: TinyModel.TextPrefix + p.name, p.parameter)))
                .ToDictionary(p => p.Name, p => (Tensor)p.parameter);
            TinyModel.WriteModel(_folder["merged.safetensors"], tensors => merged.ToList().ForEach(p => tensors[p.Key] = p.Value));
        }

        await using var engine = new ControlNetEngine(new EngineOptions { Dtype = "int8", ModelFolders = [_folder.Path], IdleMemory = 1 << 30 });
        var request = new GenerationRequest { Prompt = "a red house", Model = _folder[Model], Size = (64, 64), Seed = 5, Steps = 3 };
        async Task<GeneratedPicture> Made(GenerationRequest request) => (await engine.GenerateAsync(request, cancellationToken: Token)).Pictures[0];
        var plain = await Made(request);
        var with = await Made(request with { Prompt = "a red house <lora:ink:0.8>" });
        Assert.NotEqual(plain.Picture.Bytes(), with.Picture.Bytes());
        Assert.Equal((await Made(request with { Model = _folder["merged.safetensors"] })).Picture.Bytes(), with.Picture.Bytes());
        Assert.Equal(plain.Picture.Bytes(), (await Made(request)).Picture.Bytes());
        Assert.Equal("int8", with.Manifest.Resolved.Dtype);
    }

    [Fact]
    public void LoadControlNet_OfDifferencesToAModelIn8Bits_AddsTheWeightsOfItsFile()
    {
        RequireInt8();
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var floats = CheckpointLoader.LoadModel(TinyModel.WriteModel(_folder[Model]), Placement.Cpu32);
        using var int8 = CheckpointLoader.LoadModel(_folder[Model], Int8);
        var path = TinyModel.WriteControlNet(_folder["difference.safetensors"], change: tensors => tensors.Add("difference", zeros(0)));
        using var expected = CheckpointLoader.LoadControlNet(path, Placement.Cpu32, floats);
        using var actual = CheckpointLoader.LoadControlNet(path, Placement.Cpu32, int8);
        Assert.All(expected.named_parameters().Zip(actual.named_parameters()), pair => Goldens.AssertClose(pair.First.parameter, pair.Second.parameter, 0, pair.First.name));
        using var rounded = CheckpointLoader.LoadControlNet(path, Int8, int8);
        Assert.True(NetworkShelf.BytesOf(rounded) < NetworkShelf.BytesOf(expected));
    }

    [Fact]
    public async Task Generate_WithTheEmbeddedModel_GivesNearlyThePictureOfFloats()
    {
        RequireInt8();
        async Task<Picture> Made(string dtype)
        {
            await using var engine = new ControlNetEngine(new EngineOptions { Dtype = dtype });
            var request = new GenerationRequest
            {
                Prompt = "a pink cup, a green pear and a blue bowl on a wooden table, sunset", Seed = 1,
                Units = [ControlUnit.Canny(PictureReader.Read(Repository.PathOf("docs/pictures/coffee.png")))],
            };
            return (await engine.GenerateAsync(request, cancellationToken: Token)).Pictures[0].Picture;
        }

        var (floats, int8) = (await Made("fp32"), await Made("int8"));
        var squares = floats.Bytes().Zip(int8.Bytes(), (a, b) => (double)(a - b) * (a - b)).Average();
        Assert.InRange(10 * Math.Log10(255 * 255 / squares), 28, 60);
    }

    /// <summary>At SD 1.5's shapes, with weights and activations of the size that trained ones have; 9 GB of memory.</summary>
    [Fact(Explicit = true)]
    public void Forward_OfStableDiffusionsUNet_LosesLittleOfTheLatents()
    {
        RequireInt8();
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var unet = new UNet(UNetParams.Sd15, Placement.Cpu32 with { Dtype = ScalarType.BFloat16 });
        foreach (var (name, weight) in unet.named_parameters())
        {
            using var inner = NewDisposeScope();
            // Norms leave their input as it is, sums keep its size: He's rule.
            weight.copy_(weight.dim() > 1 ? randn(weight.shape) / Math.Sqrt(weight.numel() / weight.shape[0]) : name.EndsWith(".weight", StringComparison.Ordinal) ? ones(weight.shape) : zeros(weight.shape));
        }

        var (latents, times, text) = (randn([1, 4, 64, 64], ScalarType.BFloat16), tensor([500f]), randn([1, 77, 768], ScalarType.BFloat16));
        var expected = unet.Forward(latents, times, text).to(ScalarType.Float32);
        Int8Layers.Convert(unet);
        var actual = unet.Forward(latents, times, text).to(ScalarType.Float32);
        var peak = (expected.max() - expected.min()).item<float>();
        var decibels = 10 * Math.Log10(peak * peak / (expected - actual).square().mean().item<float>());
        TestContext.Current.SendDiagnosticMessage($"PSNR of the latents after one step: {decibels:f1} dB");
        Assert.InRange(decibels, 35, 80);
    }

    private static void RequireInt8() => Assert.SkipUnless(Int8Check.Fault is null, $"This machine does not compute in 8 bits: {Int8Check.Fault}");

    private static void Fill(Module layer)
    {
        using var _ = no_grad();
        layer.parameters().ToList().ForEach(parameter => parameter.copy_(randn(parameter.shape) * 0.1));
    }

    /// <summary>Signal to noise.</summary>
    private static double Decibels(Tensor expected, Tensor actual)
    {
        var (e, a) = (expected.to(ScalarType.Float64), actual.to(ScalarType.Float64));
        return 10 * Math.Log10((e.square().mean() / (e - a).square().mean()).item<double>());
    }
}
