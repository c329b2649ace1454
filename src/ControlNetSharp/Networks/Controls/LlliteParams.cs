namespace ControlNetSharp.Networks.Controls;

/// <summary>The shape of a ControlNet-LLLite.</summary>
/// <param name="Modules">Its modules, in the order of the UNet's stages.</param>
internal sealed record LlliteParams(IReadOnlyList<LlliteModuleParams> Modules)
{
    /// <summary>The stages of the UNet that it acts in, in their order.</summary>
    public IReadOnlyList<(LllitePart Part, int Number)> Stages { get; } =
    [.. Modules.Select(module => (module.Site.Part, module.Site.Number)).Distinct().Order()];

    /// <summary>Whether a UNet has all of the projections, at the sizes that the modules see the hint at.</summary>
    public bool Fits(UNetParams model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var stages = UNetStages.All(model);
        return model.VectorChannels is not null
            && Modules.All(module =>
                StageIn(model, module.Site.Part, module.Site.Number) is { } number
                && stages[number] is var stage
                && module.Site.Block < stage.Transformers
                && module.Channels == stage.ChannelsOut
                && module.Level == stage.Level
            );
    }

    /// <summary>
    /// The stage of a UNet, as <see cref="Blocks.AttentionPlace.Stage"/> counts them; null where it has none of that
    /// number.
    /// </summary>
    internal static int? StageIn(UNetParams model, LllitePart part, int number)
    {
        var (inputs, outputs) = (UNetStages.Input(model).Count, UNetStages.Output(model).Count);
        return part switch
        {
            LllitePart.Input when number < inputs => number,
            LllitePart.Middle => inputs,
            LllitePart.Output when number < outputs => inputs + 1 + number,
            _ => null,
        };
    }
}

/// <summary>The shape of one module.</summary>
/// <param name="Site">What it stands beside.</param>
/// <param name="Channels">Channels of the projection's input.</param>
/// <param name="EmbeddingChannels">Channels of what it sees of the hint: 32.</param>
/// <param name="HiddenChannels">Channels inside of it: 64.</param>
/// <param name="Level">
/// Level of the feature map that it works on: 0 of the latents' size, then a half of it, a quarter.
/// </param>
internal sealed record LlliteModuleParams(
    LlliteSite Site,
    int Channels,
    int EmbeddingChannels,
    int HiddenChannels,
    int Level
);

/// <summary>A half of a UNet, or its middle.</summary>
internal enum LllitePart
{
    Input,
    Middle,
    Output,
}

/// <summary>The projection that a module stands beside.</summary>
/// <param name="Name">The module's name in files.</param>
/// <param name="Part">Where in the UNet.</param>
/// <param name="Number">The number of the stage there, as LDM's names have it; 0 for the middle.</param>
/// <param name="Block">The transformer block in the stage.</param>
/// <param name="IsSelf">Whether it is of the self-attention.</param>
/// <param name="Projection">Query, key or value: q, k or v.</param>
internal sealed record LlliteSite(
    string Name,
    LllitePart Part,
    int Number,
    int Block,
    bool IsSelf,
    char Projection
);
