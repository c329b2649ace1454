using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using ControlNetSharp.Training;
using static TorchSharp.torch;

namespace ControlNetSharp.PocketTraining;

/// <summary>
/// A colour space in which lightness and the two colour axes vary alike: orthonormal rows Y, R − B and 2G − R − B,
/// scaled by 1, 3 and 6.
/// An Autoencoder trained on plain RGB loses a whole colour axis, since colour differences are much smaller than
/// lightness differences. As the map is linear, it is folded into the
/// first and the last convolution once training has ended.
/// </summary>
public static class WhitenedColour
{
    private static readonly double[] Scales = [1, 3, 6];
    private static readonly double[,] Rows =
    {
        { 1 / Math.Sqrt(3), 1 / Math.Sqrt(3), 1 / Math.Sqrt(3) },
        { 1 / Math.Sqrt(2), 0, -1 / Math.Sqrt(2) },
        { -1 / Math.Sqrt(6), 2 / Math.Sqrt(6), -1 / Math.Sqrt(6) },
    };

    /// <summary>RGB [B, 3, H, W] to the whitened space, same shape.</summary>
    public static Tensor FromRgb(Tensor rgb)
    {
        using var scope = NewDisposeScope();
        return new SafeConvolution(1, 0)
            .Run(rgb, Matrix(inverse: false).view(3, 3, 1, 1), bias: null)
            .MoveToOuterDisposeScope();
    }

    /// <summary>The whitened space [B, 3, H, W] to RGB, same shape.</summary>
    public static Tensor ToRgb(Tensor whitened)
    {
        using var scope = NewDisposeScope();
        return new SafeConvolution(1, 0)
            .Run(whitened, Matrix(inverse: true).view(3, 3, 1, 1), bias: null)
            .MoveToOuterDisposeScope();
    }

    /// <summary>Changes an Autoencoder that reads and writes the whitened space into the same one for RGB.</summary>
    public static void FoldInto(Autoencoder autoencoder)
    {
        ArgumentNullException.ThrowIfNull(autoencoder);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var parameters = autoencoder.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        var first = parameters["encoder.conv_in.weight"];
        first.copy_(einsum("oikl,ij->ojkl", first, Matrix(inverse: false)));
        var (last, bias) = (parameters["decoder.conv_out.weight"], parameters["decoder.conv_out.bias"]);
        last.copy_(einsum("ji,iokl->jokl", Matrix(inverse: true), last));
        bias.copy_(Matrix(inverse: true).mv(bias));
    }

    private static Tensor Matrix(bool inverse)
    {
        var values = new float[9];
        for (var row = 0; row < 3; row++)
        {
            for (var column = 0; column < 3; column++)
            {
                // The rows are orthonormal, so the inverse is the transpose with the scales undone.
                values[inverse ? column * 3 + row : row * 3 + column] = (float)(
                    inverse ? Rows[row, column] / Scales[row] : Rows[row, column] * Scales[row]
                );
            }
        }

        return tensor(values, [3, 3]);
    }
}
