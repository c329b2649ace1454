using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.Loras;
using Xunit;

namespace ControlNetSharp.Tests.Checkpoints.Loras;

/// <summary>What LoRA files say they are for.</summary>
public sealed class LoraUsageTests
{
    [Theory]
    [InlineData("Euler, DDIM", "trailing", 4, 4, 1.0, "4", "Euler or DDIM sampler, trailing scheduler, 4 steps, guidance scale 1")]
    [InlineData("LCM", null, 4, 8, 1.5, "4-8", "LCM sampler, 4 to 8 steps, guidance scale 1.5")]
    public void Usage_ReadsAsItWasWritten_AndTellsPeople(string samplers, string? scheduler, int fewest, int most, double guidance, string steps, string text)
    {
        var written = new Dictionary<string, string>(new LoraUsage(samplers.Split(", "), scheduler, fewest, most, guidance).Write());
        Assert.Equal((text, samplers, scheduler, steps), (written["usage"], written["usage_sampler"], written.GetValueOrDefault("usage_scheduler"), written["usage_steps"]));
        var read = LoraUsage.Read(written, "some.safetensors")!;
        Assert.Equal(samplers.Split(", "), read.Samplers);
        Assert.Equal((scheduler, fewest, most, guidance), (read.Scheduler, read.FewestSteps, read.MostSteps, read.GuidanceScale));
    }

    [Fact]
    public void Usage_OfAFileThatSaysNothingToPrograms_IsNone() =>
        Assert.Null(LoraUsage.Read(new Dictionary<string, string> { ["usage"] = "anything", ["ss_network_dim"] = "4" }, "some.safetensors"));

    [Theory]
    [InlineData("usage_steps", "0")]
    [InlineData("usage_steps", "8-4")]
    [InlineData("usage_steps", "4-6-8")]
    [InlineData("usage_steps", "four")]
    [InlineData("usage_steps", null)]
    [InlineData("usage_guidance_scale", "NaN")]
    [InlineData("usage_guidance_scale", "1,5")]
    [InlineData("usage_guidance_scale", null)]
    public void Usage_ThatCannotBeUnderstood_IsRefused_NamingFileAndKey(string key, string? text)
    {
        var metadata = new Dictionary<string, string>(new LoraUsage(["LCM"], null, 4, 8, 1).Write());
        metadata.Remove(key);
        if (text is not null)
        {
            metadata[key] = text;
        }

        var error = Assert.Throws<CheckpointException>(() => LoraUsage.Read(metadata, "some.safetensors"));
        Assert.All(new[] { "some.safetensors", $"'{key}'", text ?? key }, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }
}
