using Xunit;

namespace ControlNetSharp.Tests;

public class FormulaWeightsTests
{
    [Fact]
    public void Make_WithTheNamesOfTheReadme_GivesItsCheckValues()
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        Assert.Equal([0.12474465370178223f, 0.20022448897361755f, -0.041249580681324005f],
            FormulaWeights.Make("model.diffusion_model.time_embed.0.weight", [128, 32], 1).flatten().data<float>().Take(3));
        Assert.Equal([-0.2550661563873291f, 0.1623581349849701f],
            FormulaWeights.Make("control_model.input_hint_block.0.weight", [16, 3, 3, 3], 1).flatten().data<float>().Take(2));
        Assert.Equal([1.1369634866714478f], FormulaWeights.Make("model.diffusion_model.out.0.weight", [32], 1).data<float>().Take(1));
        Assert.Equal([0.010616076178848743f], FormulaWeights.Make("model.diffusion_model.out.0.bias", [32], 1).data<float>().Take(1));
    }
}
