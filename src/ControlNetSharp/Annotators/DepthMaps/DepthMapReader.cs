using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.DepthMaps;

/// <summary>
/// Reads depth maps: grey PNG of 16 bits, TIFF of one channel, NumPy's NPY and NPZ, PFM, and EXR. Numbers are floats of
/// 16 to 64 bits or whole numbers of 16 to 64 bits. The kind is told by the first bytes.
/// </summary>
public static class DepthMapReader
{
    /// <summary>How many bytes of a file <see cref="IsDepthMap"/> needs.</summary>
    public const int StartBytes = 32;

    private const string Allowed = "grey PNG of 16 bits, TIFF of one channel, NPY, NPZ, PFM and EXR are read";

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limits">What it may cost; <see cref="PictureLimits.Default"/> where null.</param>
    /// <exception cref="PictureException">
    /// The file is missing, of another kind, damaged, truncated, or over a limit; the message names the file and what
    /// is allowed.
    /// </exception>
    public static DepthMap Read(string path, PictureLimits? limits = null)
    {
        limits = (limits ?? PictureLimits.Default).Checked();
        return Read(LimitedFile.ReadAll(path, "a depth map", limits), path, limits);
    }

    /// <summary>
    /// Whether bytes begin like one of the kinds that are read here and cannot be a finished hint of 8 bits.
    /// </summary>
    /// <param name="bytes">At least the first <see cref="StartBytes"/> of a file.</param>
    public static bool IsDepthMap(ReadOnlySpan<byte> bytes) =>
        PngDepth.IsGrey16(bytes)
        || NpyDepth.IsNpy(bytes)
        || NpzDepth.IsZip(bytes)
        || PfmDepth.IsPfm(bytes)
        || ExrHeader.IsExr(bytes)
        || TiffDepth.IsTiff(bytes);

    /// <summary>Reads the bytes of a file.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What error messages call it.</param>
    /// <param name="limits">What it may cost; <see cref="PictureLimits.Default"/> where null.</param>
    /// <exception cref="PictureException">Another kind, damaged, truncated, or over a limit.</exception>
    public static DepthMap Read(ReadOnlySpan<byte> bytes, string name = "depth", PictureLimits? limits = null)
    {
        limits = (limits ?? PictureLimits.Default).Checked();
        return bytes.Length > limits.MaxFileBytes
                ? throw new PictureException(
                    name,
                    $"the file has {bytes.Length} bytes; at most {limits.MaxFileBytes} are allowed."
                )
            : NpyDepth.IsNpy(bytes) ? NpyDepth.Read(bytes, name, limits)
            : NpzDepth.IsZip(bytes) ? NpzDepth.Read(bytes, name, limits)
            : PfmDepth.IsPfm(bytes) ? PfmDepth.Read(bytes, name, limits)
            : ExrHeader.IsExr(bytes) ? ExrDepth.Read(bytes, name, limits)
            : TiffDepth.IsTiff(bytes) ? TiffDepth.Read(bytes, name, limits)
            : bytes.StartsWith(PngFormat.Signature) ? PngDepth.Read(bytes, name, limits)
            : throw new PictureException(
                name,
                "is no depth map (it begins with the bytes "
                    + $"{Convert.ToHexString(bytes[..Math.Min(8, bytes.Length)])}); {Allowed}."
            );
    }
}
