namespace ControlNetSharp.Annotators;

/// <summary>The two factors of Sobel's separable kernels: one side smooths, the other differentiates.</summary>
/// <param name="Smooth">Weights of the smoothing, top to bottom or left to right.</param>
/// <param name="Derivative">Weights of the derivative, top to bottom or left to right.</param>
internal sealed record SobelKernel(short[] Smooth, short[] Derivative)
{
    /// <summary>3 x 3 pixels; gradients of bytes reach ±1020.</summary>
    public static readonly SobelKernel Three = new([1, 2, 1], [-1, 0, 1]);

    /// <summary>5 x 5 pixels; gradients of bytes reach ±12240.</summary>
    public static readonly SobelKernel Five = new([1, 4, 6, 4, 1], [-1, -2, 0, 2, 1]);

    /// <summary>Pixels on each side of the middle one.</summary>
    public int Reach => Smooth.Length / 2;
}
