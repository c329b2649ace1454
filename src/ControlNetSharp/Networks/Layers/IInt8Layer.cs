using ControlNetSharp.Runtime;

namespace ControlNetSharp.Networks.Layers;

/// <summary>A layer that can compute in 8 bits.</summary>
internal interface IInt8Layer
{
    /// <summary>The weight in 8 bits; null while the layer computes in floats.</summary>
    Int8Weight? Int8 { get; }

    /// <summary>Rounds the weight to 8 bits and gives up the one in floats: for good, without gradients.</summary>
    void ToInt8();
}
