using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.DepthMaps;

/// <summary>Reads measured depth: grey PNG of 16 bits, TIFF of one channel (float32 or uint16), and NumPy's NPY (float32, float64 or uint16). The kind is told by the first bytes.</summary>
public static class DepthMapReader
{
    private const string Allowed = "grey PNG of 16 bits, TIFF of one channel (float32 or uint16) and NPY (float32, float64 or uint16) are read";

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limits">What it may cost; <see cref="PictureLimits.Default"/> where null.</param>
    /// <exception cref="PictureException">The file is missing, of another kind, damaged, truncated, or over a limit; the message names the file and what is allowed.</exception>
    public static DepthMap Read(string path, PictureLimits? limits = null)
    {
        limits = (limits ?? PictureLimits.Default).Checked();
        try
        {
            var file = new FileInfo(path);
            return file.Exists && file.Length > limits.MaxFileBytes
                ? throw new PictureException(path, $"the file has {file.Length} bytes; at most {limits.MaxFileBytes} are allowed.")
                : Read(File.ReadAllBytes(path), path, limits);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new PictureException(path, "the file does not exist.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PictureException(path, Directory.Exists(path) ? "is a folder, not a depth map." : $"cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Whether bytes begin like one of the kinds that are read here and cannot be a finished hint: TIFF, NPY, or a grey PNG of 16 bits.</summary>
    /// <param name="bytes">At least the first 26 bytes of a file.</param>
    public static bool IsDepthMap(ReadOnlySpan<byte> bytes) => NpyDepth.IsNpy(bytes) || TiffDepth.IsTiff(bytes) || PngDepth.IsGrey16(bytes);

    /// <summary>Reads the bytes of a file.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What error messages call it.</param>
    /// <param name="limits">What it may cost; <see cref="PictureLimits.Default"/> where null.</param>
    /// <exception cref="PictureException">Another kind, damaged, truncated, or over a limit.</exception>
    public static DepthMap Read(ReadOnlySpan<byte> bytes, string name = "depth", PictureLimits? limits = null)
    {
        limits = (limits ?? PictureLimits.Default).Checked();
        return bytes.Length > limits.MaxFileBytes ? throw new PictureException(name, $"the file has {bytes.Length} bytes; at most {limits.MaxFileBytes} are allowed.")
            : NpyDepth.IsNpy(bytes) ? NpyDepth.Read(bytes, name, limits)
            : TiffDepth.IsTiff(bytes) ? TiffDepth.Read(bytes, name, limits)
            : bytes.StartsWith(PngFormat.Signature) ? PngDepth.Read(bytes, name, limits)
            : throw new PictureException(name, $"is no depth map (it begins with the bytes {Convert.ToHexString(bytes[..Math.Min(8, bytes.Length)])}); {Allowed}.");
    }

    /// <summary>Refuses sizes over the limit before anything of that size is made.</summary>
    internal static (int Width, int Height) Checked(long width, long height, string name, PictureLimits limits) =>
        width < 1 || height < 1 ? throw new PictureException(name, $"the header says {width} x {height} pixels; both must be at least 1.")
        : width > limits.MaxPixels / height ? throw new PictureException(name, $"the map has {width} x {height} pixels; at most {limits.MaxPixels} are allowed.")
        : ((int)width, (int)height);
}
