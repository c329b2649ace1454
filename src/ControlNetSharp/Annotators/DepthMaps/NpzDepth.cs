using System.IO.Compression;
using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.DepthMaps;

/// <summary>NumPy's archives of arrays (<c>numpy.savez</c>): a zip of NPY files. Source: numpy.lib.npyio.</summary>
internal static class NpzDepth
{
    private const string Ending = ".npy";

    public static bool IsZip(ReadOnlySpan<byte> bytes) => bytes.StartsWith("PK\u0003\u0004"u8);

    public static DepthMap Read(ReadOnlySpan<byte> bytes, string name, PictureLimits limits)
    {
        try
        {
            using var archive = new ZipArchive(new MemoryStream(bytes.ToArray()));
            var entry = Chosen(archive, name);
            using var packed = entry.Open();
            var array = UpTo(packed, limits.MaxFileBytes, name, entry.FullName);
            return NpyDepth.IsNpy(array)
                ? NpyDepth.Read(array, $"{name}: {entry.FullName}", limits)
                : throw new PictureException(name, $"{entry.FullName} in the archive is no NPY file.");
        }
        catch (Exception e)
            when (e is InvalidDataException or IOException or NotSupportedException or ArgumentException)
        {
            throw new PictureException(name, $"the zip archive is damaged: {e.Message}", e);
        }
    }

    /// <summary>The array that is called depth, or the only one.</summary>
    private static ZipArchiveEntry Chosen(ZipArchive archive, string name)
    {
        var arrays = archive.Entries.Where(entry => entry.FullName.EndsWith(Ending, StringComparison.Ordinal)).ToList();
        var names = arrays.Take(10).Select(entry => entry.FullName[..^Ending.Length]);
        return arrays.Find(entry => entry.FullName.Equals("depth" + Ending, StringComparison.OrdinalIgnoreCase))
            ?? (
                arrays.Count == 1
                    ? arrays[0]
                    : throw new PictureException(
                        name,
                        arrays.Count == 0
                            ? "is a zip archive without arrays of NumPy, so no depth map."
                            : "the archive has several arrays and none is called 'depth': "
                                + $"{string.Join(", ", names)}."
                    )
            );
    }

    /// <summary>
    /// All that there is; memory grows with what there really is, not with what the directory claims.
    /// </summary>
    private static byte[] UpTo(Stream packed, long most, string name, string entry)
    {
        using var result = new MemoryStream();
        var block = new byte[1 << 16];
        for (int read; (read = packed.Read(block)) > 0; )
        {
            result.Write(block, 0, read);
            if (result.Length > most)
            {
                throw new PictureException(
                    name,
                    $"{entry} in the archive has more than the {most} bytes that are allowed."
                );
            }
        }

        return result.ToArray();
    }
}
