using static TorchSharp.torch;

namespace ControlNetSharp.Networks.Layers;

/// <summary>A layer that can be computed in strips of rows, without gradients.</summary>
internal interface IStripLayer
{
    /// <summary>What the layer makes of x. Fresh, or x itself.</summary>
    /// <param name="x">[B, C, h, w]; let go as soon as it is not needed any more.</param>
    /// <param name="strips">How it is divided.</param>
    Tensor ForwardInStrips(Tensor x, RowStrips strips);
}
