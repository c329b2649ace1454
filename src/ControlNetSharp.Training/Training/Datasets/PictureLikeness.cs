using System.Numerics;
using System.Security.Cryptography;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Training.Datasets;

/// <summary>
/// What is needed to find a picture again: exactly, and after re-encoding, scaling or a small change.
/// </summary>
/// <param name="Pixels">The first half of the SHA-256 of size and pixels.</param>
/// <param name="Gradients">
/// 64 bits: whether the picture gets darker from each cell to its right neighbour, in 8 rows of 9 cells ("difference
/// hash").
/// </param>
/// <param name="Thumbnail">8 x 8 x 3 mean colours.</param>
internal sealed record PictureLikeness(UInt128 Pixels, ulong Gradients, byte[] Thumbnail)
{
    private const int Side = 8;

    /// <summary>Differing bits; chance alone gives 32.</summary>
    private const int MaxBits = 7;

    /// <summary>
    /// Levels by which a cell's colour may differ. The gradients alone know no colours, and all flat pictures are alike
    /// to them.
    /// </summary>
    private const int MaxLevels = 8;

    public static PictureLikeness Of(Picture picture)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([.. BitConverter.GetBytes(picture.Width), .. BitConverter.GetBytes(picture.Height)]);
        hash.AppendData(picture.Rgb);
        var cells = Greyscale.Of(PictureResizing.Resize(picture, Side + 1, Side, Interpolation.Area));
        var gradients = 0UL;
        for (var i = 0; i < Side * Side; i++)
        {
            var at = i / Side * (Side + 1) + i % Side;
            gradients |= cells[at] > cells[at + 1] ? 1UL << i : 0;
        }

        return new PictureLikeness(
            BitConverter.ToUInt128(hash.GetHashAndReset()),
            gradients,
            PictureResizing.Resize(picture, Side, Side, Interpolation.Area).Rgb.ToArray()
        );
    }

    /// <summary>Whether two pictures show the same.</summary>
    public bool IsNear(PictureLikeness other)
    {
        if (BitOperations.PopCount(Gradients ^ other.Gradients) > MaxBits)
        {
            return false;
        }

        for (var i = 0; i < Thumbnail.Length; i++)
        {
            if (Math.Abs(Thumbnail[i] - other.Thumbnail[i]) > MaxLevels)
            {
                return false;
            }
        }

        return true;
    }
}
