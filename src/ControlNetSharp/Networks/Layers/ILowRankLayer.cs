using TorchSharp.Modules;

namespace ControlNetSharp.Networks.Layers;

/// <summary>A layer whose weight can stay as it is while a change of low rank to it is trained.</summary>
internal interface ILowRankLayer
{
    /// <summary>The weight.</summary>
    Parameter Weight { get; }

    /// <summary>What is added to the weight; null where the weight itself is trained.</summary>
    LowRankChange? Change { get; }

    /// <summary>
    /// Gives up its own weight for one that stays as it is, and takes a change to that.
    /// </summary>
    /// <param name="weight">A weight of the same shape, of any dtype; owned from now on.</param>
    /// <param name="change">The change; owned from now on.</param>
    void Lock(Parameter weight, LowRankChange change);
}
