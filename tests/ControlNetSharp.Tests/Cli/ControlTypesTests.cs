using ControlNetSharp.Checkpoints;
using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Pictures;
using ControlNetSharp.Runtime;
using ControlNetSharp.Tests.Pictures;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Cli;

/// <summary>Each type of network that controls, from a tiny random file through the command line.</summary>
public sealed class ControlTypesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ControlTypesTests() => PictureWriter.WritePng(_folder["hint.png"], TestPictures.Square(64, 64));

    public static TheoryData<string> Types => ["t2i-adapter full", "t2i-adapter light", "t2i-adapter XL", "control-lora", "control-lora XL", "controlnet-union", "controlnet-lllite XL"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Generate_WithATinyRandomFile_IsControlled_AlsoBesideASecondUnit(string type)
    {
        var (isXl, file) = Write(type, zero: false);
        WriteModelAndControlNet(isXl);
        var unit = $"depth=hint.png,annotator=none,model={file}";
        var plain = await Made();
        var alone = await Made("-c", unit);
        var both = await Made("-c", unit, "-c", "canny=hint.png,annotator=none,model=control.safetensors");
        Assert.NotEqual(plain, alone);
        Assert.NotEqual(alone, both);
        Assert.Equal(plain, await Made("-c", unit + ",weight=0"));
        Assert.NotEqual(alone, await Made("-c", unit + ",weight=0.3,mode=control"));

        var json = Path.Combine(_folder.Path, "request.json");
        await File.WriteAllTextAsync(json, $$"""{"prompt": "a", "model": "model.safetensors", "seed": 1, "steps": 2, "units": [{"kind": "depth", "picture": "hint.png", "annotator": "none", "model": "{{file}}"}]}""", TestContext.Current.CancellationToken);
        Assert.Equal(alone, await Run("generate", "--request", json));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Generate_WithACurveASoftnessAndTheUnconditionalSide_SaysTheSameAsOtherOptionsDo(string type)
    {
        var (isXl, file) = Write(type, zero: false);
        WriteModelAndControlNet(isXl);
        Task<byte[]> With(string options) => Made("-c", $"depth=hint.png,annotator=none,model={file},{options}");
        var half = await With("weight=0.3,end=0.4");
        Assert.Equal(half, await With("weight=0:0.3|0.4:0"));
        var whole = await With("weight=0.3");
        Assert.Equal(whole, await With("weight=0:0.3|1:0.3"));
        Assert.NotEqual(whole, half);
        Assert.Equal(whole, await With("weight=0.3,mode=prompt,softness=1"));
        Assert.NotEqual(whole, await With("weight=0.3,softness=0.5"));
        var conditional = await With("weight=0.3,unconditional=0");
        Assert.Equal(conditional, await With("weight=0.3,mode=control,softness=1"));
        Assert.NotEqual(conditional, await With("weight=0.3,unconditional=0.5"));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Generate_BesideRegionsWithNegativePromptsOfTheirOwn_ControlsEachSide(string type)
    {
        var (isXl, file) = Write(type, zero: false);
        WriteModelAndControlNet(isXl);
        PictureWriter.WritePng(_folder["left.png"], TestPictures.Of(64, 64, (x, _) => x < 32 ? (255, 255, 255) : (0, 0, 0)));
        string[] regions = ["--region", $"b,mask={_folder["left.png"]},negative=c", "--region", $"d,mask={_folder["left.png"]},weight=0.5"];
        var unit = $"depth=hint.png,annotator=none,model={file}";
        var plain = await Made(regions);
        var balanced = await Made([.. regions, "-c", unit]);
        Assert.NotEqual(plain, await Made());
        Assert.NotEqual(plain, balanced);
        Assert.Equal(plain, await Made([.. regions, "-c", unit + ",weight=0"]));
        var conditional = await Made([.. regions, "-c", unit + ",unconditional=0"]);
        Assert.NotEqual(balanced, conditional);
        // A side that gets next to nothing is nearly one that gets nothing: the same rows are meant.
        var nearly = await Made([.. regions, "-c", unit + ",unconditional=0.0001"]);
        Assert.True(conditional.Zip(nearly, (a, b) => Math.Abs(a - b)).Max() <= 1);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Generate_WithZeroWeights_IsThePictureWithoutControl(string type)
    {
        var (isXl, file) = Write(type, zero: true);
        WriteModelAndControlNet(isXl);
        Assert.Equal(await Made(), await Made("-c", $"depth=hint.png,annotator=none,model={file}"));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Generate_WithAModelOfAnotherFamily_IsRefused_NamingBoth(string type)
    {
        var (isXl, file) = Write(type, zero: false);
        WriteModelAndControlNet(!isXl);
        var run = await CommandRun.Of(Arguments("-c", $"depth=hint.png,annotator=none,model={file}"));
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("is for ", run.Message, StringComparison.Ordinal);
        Assert.Contains("; the model ", run.Message, StringComparison.Ordinal);
        Assert.Contains("control.safetensors", run.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Inspect_TellsKindFamilyAndWhatItIs(string type)
    {
        var (isXl, file) = Write(type, zero: false);
        var json = await CommandRun.JsonOf("models", "inspect", _folder[file]);
        Assert.Equal(type.Split(' ')[0], json.GetProperty("kind").GetString());
        Assert.Null(json.GetProperty("problem").GetString());
        var isLora = type.StartsWith("control-lora", StringComparison.Ordinal);
        var isLllite = type.StartsWith("controlnet-lllite", StringComparison.Ordinal);
        Assert.Equal(isLora || isLllite, json.GetProperty("rank").ValueKind == System.Text.Json.JsonValueKind.Number);
        Assert.Equal(isLora, json.GetProperty("needs").GetString() is not null);
        if (isLllite)
        {
            Assert.Equal("13 modules in 5 stages", json.GetProperty("form").GetString());
        }
        else if (!isLora)
        {
            Assert.Contains(isXl || type.StartsWith("t2i", StringComparison.Ordinal) ? json.GetProperty("form").GetString()! : "union", type.EndsWith("union", StringComparison.Ordinal) ? "ProMax union" : type, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Generate_WithAUnion_SharesAPassWhereItMay_AndNeedsAKindThatItKnows()
    {
        var (_, file) = Write("controlnet-union", zero: false);
        WriteModelAndControlNet(isXl: true);
        string Unit(string kind, string more = "") => $"{kind}=hint.png,annotator=none,model={file}{more}";
        var depth = await Made("-c", Unit("depth"));
        var canny = await Made("-c", Unit("canny"));
        Assert.NotEqual(depth, canny);
        // One pass of both kinds is another thing than the sum of two passes, which different weights ask for.
        var together = await Made("-c", Unit("depth"), "-c", Unit("canny"));
        Assert.Equal(together, await Made("-c", Unit("canny"), "-c", Unit("depth")));
        Assert.NotEqual(together, await Made("-c", Unit("depth"), "-c", Unit("canny", ",end=0.99")));

        var mask = $",inpaint={_folder["hint.png"]}";
        Assert.NotEqual(await Made("-c", Unit("tile")), await Made("-c", Unit("inpaint", mask)));
        Assert.Contains("give inpaint=MASK", (await CommandRun.Of(Arguments("-c", Unit("inpaint")))).Message, StringComparison.Ordinal);

        var run = await CommandRun.Of(Arguments("-c", $"hint=hint.png,model={file}"));
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("takes hints of the kinds pose, depth, hed", run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_WithLlliteOfASizeThatDoesNotDivide_IsControlled()
    {
        var (_, file) = Write("controlnet-lllite XL", zero: false);
        WriteModelAndControlNet(isXl: true);
        string[] size = ["--size", "72x104"];
        var plain = await Made(size);
        var unit = $"depth=hint.png,annotator=none,model={file}";
        var alone = await Made([.. size, "-c", unit]);
        Assert.NotEqual(plain, alone);
        // One weight for each stage that has modules: input blocks 4 and 5, 7 and 8, the middle.
        Assert.Equal(alone, await Made([.. size, "-c", unit + ",layers=1:1:1:1:1"]));
        Assert.Equal(plain, await Made([.. size, "-c", unit + ",layers=0:0:0:0:0"]));
        Assert.NotEqual(alone, await Made([.. size, "-c", unit + ",layers=1:0:0:0:0"]));
        var run = await CommandRun.Of(Arguments("-c", unit + ",layers=1:1"));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("must have 5 weights", run.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generate_WithAControlLoraOfTwoModels_MakesANetworkForEach()
    {
        var (_, file) = Write("control-lora", zero: false);
        WriteModelAndControlNet(isXl: false);
        var first = await Made("-c", $"depth=hint.png,annotator=none,model={file}");
        TinyModel.WriteModel(_folder["model.safetensors"], tensors => tensors[TinyModel.UNetPrefix + "input_blocks.0.0.weight"].mul_(1.5));
        Assert.NotEqual(first, await Made("-c", $"depth=hint.png,annotator=none,model={file}"));
    }

    private void WriteModelAndControlNet(bool isXl)
    {
        _ = isXl ? TinyModel.WriteSdxl(_folder["model.safetensors"]) : TinyModel.WriteModel(_folder["model.safetensors"]);
        TinyModel.WriteControlNet(_folder["control.safetensors"], isXl ? TinyModel.Sdxl : TinyModel.UNetParams);
    }

    /// <summary>Writes a network for the tiny models; zero weights are those of its last layers.</summary>
    private (bool IsXl, string File) Write(string type, bool zero)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var isXl = type.EndsWith("XL", StringComparison.Ordinal) || type == "controlnet-union";
        var unet = isXl ? TinyModel.Sdxl : TinyModel.UNetParams;
        int[] channels = [.. unet.Levels.Select(level => level.Channels)];
        Dictionary<string, Tensor> tensors = type.Split(' ')[0] switch
        {
            "t2i-adapter" => Named(new T2IAdapter(new()
            {
                Channels = isXl ? [.. channels, channels[^1]] : channels,
                HintChannels = 3, Unshuffle = isXl ? 16 : 8, Blocks = 2,
                InnerChannels = type.EndsWith("light", StringComparison.Ordinal) ? [.. channels.Select(c => c / 4)] : null,
            }, Placement.Cpu32), "adapter."),
            "controlnet-lllite" => Named(new Lllite(LlliteOf(unet), Placement.Cpu32), ""),
            "controlnet-union" => Named(new ControlNetUnion(new(new ControlNetParams { UNet = unet }, 8, 8, 1), Placement.Cpu32), ""),
            _ => Lora(unet),
        };
        foreach (var (name, tensor) in zero ? tensors.ToList() : [])
        {
            if (type.StartsWith("t2i", StringComparison.Ordinal) || name.Contains(".up.", StringComparison.Ordinal) || name.StartsWith("zero_convs.", StringComparison.Ordinal) || name.StartsWith("middle_block_out.", StringComparison.Ordinal))
            {
                tensor.zero_();
            }
        }

        // In the union's files the ControlNet's part has diffusers' names; LDM's are taken, too.
        SafetensorsWriter.Write(_folder["net.safetensors"], tensors, TinyModel.Metadata.Write());
        return (isXl, "net.safetensors");
    }

    /// <summary>Modules beside queries and values of the transformers on the way down and in the middle.</summary>
    private static LlliteParams LlliteOf(UNetParams unet)
    {
        var inputs = UNetStages.Input(unet).Count;
        var modules = UNetStages.All(unet).Index().Take(inputs + 1).SelectMany(stage => Enumerable.Range(0, stage.Item.Transformers).SelectMany(block =>
        {
            var isMiddle = stage.Index == inputs;
            var name = $"lllite_unet_{(isMiddle ? "middle_block" : $"input_blocks_{stage.Index}")}_1_transformer_blocks_{block}_";
            LlliteModuleParams Module(bool isSelf, char projection) =>
                new(new($"{name}attn{(isSelf ? 1 : 2)}_to_{projection}", isMiddle ? LllitePart.Middle : LllitePart.Input, isMiddle ? 0 : stage.Index, block, isSelf, projection), stage.Item.ChannelsOut, 8, 4, stage.Item.Level);
            return block == 0 ? new[] { Module(true, 'q'), Module(false, 'q') } : [Module(true, 'v')];
        }));
        return new LlliteParams([.. modules]);
    }

    private static Dictionary<string, Tensor> Named(nn.Module network, string prefix) =>
        FormulaWeights.Fill(network, prefix, 9).named_parameters().ToDictionary(p => prefix + p.name, p => p.parameter.clone());

    /// <summary>A Control-LoRA of rank 2.</summary>
    private static Dictionary<string, Tensor> Lora(UNetParams unet)
    {
        string[] own = ["input_hint_block.", "zero_convs.", "middle_block_out."];
        var tensors = new Dictionary<string, Tensor> { ["lora_controlnet"] = zeros(0) };
        foreach (var (name, weight) in Named(new ControlNet(new ControlNetParams { UNet = unet }, Placement.Cpu32), ""))
        {
            if (weight.dim() < 2 || own.Any(part => name.StartsWith(part, StringComparison.Ordinal)))
            {
                tensors[name] = weight;
                continue;
            }

            var stem = name[..^".weight".Length];
            tensors[stem + ".up"] = FormulaWeights.Make(stem + ".up", [weight.shape[0], 2, .. weight.shape[2..].Select(_ => 1L)], 9);
            tensors[stem + ".down"] = FormulaWeights.Make(stem + ".down", [2, .. weight.shape[1..]], 9);
        }

        return tensors;
    }

    private string[] Arguments(params string[] more) =>
        ["generate", "-m", _folder["model.safetensors"], "-p", "a", "--seed", "1", "--steps", "2", "--dtype", "fp32", "--models", _folder.Path, "-o", _folder["out.png"], "--overwrite", .. more.Select(Placed)];

    /// <summary>Pictures and networks lie in the folder of the test.</summary>
    private string Placed(string argument) => argument.Replace("=hint.png", "=" + _folder["hint.png"], StringComparison.Ordinal).Replace("model=", "model=" + _folder.Path + "/", StringComparison.Ordinal);

    private Task<byte[]> Made(params string[] more) => Run(Arguments(more));

    private async Task<byte[]> Run(params string[] arguments)
    {
        string[] all = arguments.Contains("-o") ? arguments : [.. arguments, "-o", _folder["out.png"], "--overwrite", "--dtype", "fp32", "--models", _folder.Path];
        var run = await CommandRun.Of(all);
        Assert.True(run.ExitCode == 0, run.Message);
        return PictureReader.Read(_folder["out.png"]).Bytes();
    }
}
