using ControlNetSharp.Engine;
using ControlNetSharp.Requests;
using ControlNetSharp.Tests.Checkpoints.Loras;
using Xunit;

namespace ControlNetSharp.Tests.Engine;

public sealed class ConcurrentRequestsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TwoRequestsAtOnce_WithLorasOfOtherWeights_GiveThePixelsOfEachAlone()
    {
        TinyModel.WriteModel(_folder["model.safetensors"]);
        Directory.CreateDirectory(_folder["Lora"]);
        TinyLora.Write(_folder["Lora/style.safetensors"], "kohya");
        await using var engine = new ControlNetEngine(new EngineOptions { ModelFolders = [_folder.Path], Dtype = "fp32" });
        var requests = new[] { "<lora:style:0.8>", "<lora:style:-1>", "" }.Select(lora => new GenerationRequest
        {
            Prompt = "a red house" + lora, Model = _folder["model.safetensors"], Size = (64, 64), Seed = 3, Steps = 2,
        }).ToList();
        var alone = new List<byte[]>();
        foreach (var request in requests)
        {
            alone.Add(await Pixels(request));
        }

        Assert.Equal(alone, await Task.WhenAll(requests.Select(Pixels)));
        Assert.Equal(requests.Count, alone.DistinctBy(Convert.ToHexString).Count());

        async Task<byte[]> Pixels(GenerationRequest request) =>
            (await engine.GenerateAsync(request, cancellationToken: TestContext.Current.CancellationToken)).Pictures[0].Picture.Bytes();
    }
}
