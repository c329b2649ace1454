using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Loras;
using ControlNetSharp.Engine;
using ControlNetSharp.Requests;
using ControlNetSharp.Tests.Checkpoints.Loras;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Engine;

/// <summary>LoRAs for few steps say what they are for; whoever asks for something else is told.</summary>
public sealed class LoraWarningTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Euler", "trailing", 4, 1.0, null)]
    [InlineData("k_euler", "Trailing", 4, 1.0, null)]
    [InlineData("Euler trailing", "automatic", 4, 1.0, null)]
    [InlineData("DDIM", "trailing", 4, 1.0, null)]
    [InlineData("Euler", "trailing", 5, 1.0, "with 5 steps the")]
    [InlineData("Euler", "trailing", 1, 1.0, "with 1 step the")]
    [InlineData("Euler", "automatic", 4, 1.0, "with uniform scheduler the")]
    [InlineData("LCM", "trailing", 4, 1.0, "with LCM sampler the")]
    [InlineData("DPM++ 2M", "karras", 6, 1.5, "with DPM++ 2M sampler, karras scheduler, 6 steps, guidance scale 1.5 the")]
    public async Task Generate_OtherwiseThanALoraIsFor_NamesItWhatItIsForAndWhatWasAsked(string sampler, string scheduler, int steps, double guidance, string? told)
    {
        await using var engine = Engine();
        Write("few.safetensors", new LoraUsage(["Euler", "DDIM"], "trailing", 4, 4, 1));
        var request = Request("a house <lora:few:1>") with { Sampler = sampler, Scheduler = scheduler, Steps = steps, GuidanceScale = guidance };
        var warnings = (await engine.GenerateAsync(request, cancellationToken: TestContext.Current.CancellationToken)).Warnings;
        if (told is null)
        {
            Assert.Empty(warnings);
            return;
        }

        var warning = Assert.Single(warnings);
        Assert.Equal("prompt", warning.Member);
        Assert.Equal($"the LoRA few is for Euler or DDIM sampler, trailing scheduler, 4 steps, guidance scale 1; {told} picture may be poor.", warning.Text);
    }

    [Theory]
    [InlineData("<lora:few:0>", false)]
    [InlineData("<lora:plain:1>", false)]
    [InlineData("<lora:few:1> <lora:few:0.5> <lora:plain:1>", true)]
    public async Task Generate_WithLorasThatDoNotAct_OrSayNothing_IsSilent(string loras, bool isTold)
    {
        await using var engine = Engine();
        Write("few.safetensors", new LoraUsage(["LCM"], null, 4, 8, 1));
        Write("plain.safetensors", null);
        var result = await engine.GenerateAsync(Request($"a house {loras}") with { Count = 2 }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(isTold ? 1 : 0, result.Warnings.Count);
    }

    [Fact]
    public async Task Generate_WithTheEmbeddedLora_IsSilentInTwoToFourSteps()
    {
        await using var engine = Engine();
        var request = new GenerationRequest { Prompt = "a house <lora:pocket_4steps:1>", Size = (64, 64), Seed = 1, Sampler = "Euler", Scheduler = "trailing", Steps = 4, GuidanceScale = 1 };
        async Task<IReadOnlyList<RequestWarning>> Warnings(GenerationRequest asked) =>
            (await engine.GenerateAsync(asked, cancellationToken: TestContext.Current.CancellationToken)).Warnings;
        Assert.Empty(await Warnings(request));
        Assert.Empty(await Warnings(request with { Steps = 2 }));
        Assert.Contains("pocket_4steps is for Euler or DDIM sampler, trailing scheduler, 2 to 4 steps", Assert.Single(await Warnings(request with { Steps = 20 })).Text, StringComparison.Ordinal);
    }

    private ControlNetEngine Engine()
    {
        TinyModel.WriteModel(_folder["model.safetensors"]);
        return new(new EngineOptions { ModelFolders = [Path.GetDirectoryName(_folder["model.safetensors"])!], Dtype = "fp32" });
    }

    private GenerationRequest Request(string prompt) => new() { Prompt = prompt, Model = _folder["model.safetensors"], Size = (64, 64), Seed = 5, Steps = 1 };

    private void Write(string name, LoraUsage? usage)
    {
        var plain = TinyLora.Write(_folder["plain.safetensors"], "kohya");
        if (usage is not null)
        {
            using var scope = NewDisposeScope();
            using var file = SafetensorsFile.Open(plain);
            SafetensorsWriter.Write(_folder[name], file.Entries.Keys.Select(key => KeyValuePair.Create(key, file.Read(key))), new Dictionary<string, string>(usage.Write()));
        }
    }
}
