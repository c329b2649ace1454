using static TorchSharp.torch.nn;

namespace ControlNetSharp.Networks.Controls;

/// <summary>
/// A network that steers a UNet by a hint. What each kind of them does with the hint is its own affair; this is what
/// those who lend and attach them must know.
/// </summary>
public abstract class ControlNetwork : Module
{
    private protected ControlNetwork(string name)
        : base(name) { }

    /// <summary>How many tensors it adds to the UNet's; each can have a weight of its own.</summary>
    public abstract int ResidualCount { get; }

    /// <summary>How many weights of its layers a unit has where they act inside such a UNet.</summary>
    internal virtual int LayersIn(UNetParams model) => ResidualCount;

    /// <summary>Whether it can control a UNet.</summary>
    /// <param name="model">The UNet's shape.</param>
    public abstract bool Fits(UNetParams model);
}
