using ControlNetSharp.Pictures;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Annotators;

/// <summary>Pictures that golden files hold as tensors of bytes.</summary>
internal static class GoldenPictures
{
    /// <summary>[h, w, 3] RGB, or [h, w] grey.</summary>
    public static Picture Of(Tensor bytes)
    {
        using var rgb = bytes.dim() == 3 ? bytes.contiguous() : bytes.unsqueeze(-1).expand(bytes.shape[0], bytes.shape[1], 3).contiguous();
        return new Picture((int)bytes.shape[1], (int)bytes.shape[0], rgb.data<byte>().ToArray());
    }
}
