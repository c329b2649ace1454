using System.Globalization;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.PocketTraining;
using ControlNetSharp.Tests.Checkpoints.Loras;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Training;

public sealed class PocketWeightsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Control_UnpackedAndPackedAgain_IsTheSame_AndUnpackedAsStrongAsTrained()
    {
        using var scope = NewDisposeScope();
        var embedded = Path.Combine(AppContext.BaseDirectory, "pocket");
        PocketWeights.UnpackControl(embedded, "lineart", _folder["trained"]);
        Directory.CreateDirectory(_folder["packed"]);
        PocketWeights.WriteControl(_folder["packed"], _folder["trained/controlnet_lineart.safetensors"]);
        CheckpointConverter.Convert(Path.Combine(embedded, "controlnet_lineart.safetensors"), _folder["before.safetensors"], format: WeightFormat.Float32);
        CheckpointConverter.Convert(_folder["packed/controlnet_lineart.safetensors"], _folder["after.safetensors"], format: WeightFormat.Float32);
        using var before = SafetensorsFile.Open(_folder["before.safetensors"]);
        using var after = SafetensorsFile.Open(_folder["after.safetensors"]);
        using var trained = SafetensorsFile.Open(_folder["trained/controlnet_lineart.safetensors"]);
        Assert.Equal(before.Metadata["strengths"], after.Metadata["strengths"]);
        Assert.DoesNotContain("strengths", trained.Metadata.Keys);
        foreach (var name in before.Entries.Keys)
        {
            var expected = before.Read(name);
            // One digit of 8 bits.
            Goldens.AssertClose(expected, after.Read(name), 0.07 * Goldens.Amplitude(expected), name);
        }

        var finest = double.Parse(before.Metadata["strengths"].Split(", ")[0], CultureInfo.InvariantCulture);
        const string Zero = "control_model.zero_convs.0.0.weight";
        Goldens.AssertClose(before.Read(Zero) / finest, trained.Read(Zero).to(ScalarType.Float32), 0.01 * Goldens.Amplitude(before.Read(Zero)) / finest, Zero);
    }

    [Fact]
    public void Lora_Packed_IsTheTrainedOne_ThatSaysWhichStepsItIsFor()
    {
        using var scope = NewDisposeScope();
        PocketWeights.WriteLora(_folder["packed"], TinyLora.Write(_folder["trained.safetensors"], "kohya"));
        using var trained = SafetensorsFile.Open(_folder["trained.safetensors"]);
        using var packed = SafetensorsFile.Open(_folder["packed/loras/pocket_4steps.safetensors"]);
        Assert.Equal(("2-4", "Euler or DDIM sampler, trailing scheduler, 2 to 4 steps, guidance scale 1"), (packed.Metadata["usage_steps"], packed.Metadata["usage"]));
        Assert.Equal(trained.Entries.Keys.Order(StringComparer.Ordinal), packed.Entries.Keys.Order(StringComparer.Ordinal));
        Assert.All(trained.Entries.Keys, name => Assert.True(trained.Read(name).bytes.SequenceEqual(packed.Read(name).bytes), name));

        var embedded = Path.Combine(AppContext.BaseDirectory, "pocket", "loras", "pocket_4steps.safetensors");
        PocketWeights.WriteLora(_folder["again"], embedded);
        Assert.Equal(File.ReadAllBytes(embedded), File.ReadAllBytes(_folder["again/loras/pocket_4steps.safetensors"]));
    }
}
