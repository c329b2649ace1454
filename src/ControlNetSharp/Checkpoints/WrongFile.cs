using System.Text;

namespace ControlNetSharp.Checkpoints;

/// <summary>
/// What people have in the place of a checkpoint: what a failed download leaves, and files of other kinds.
/// </summary>
internal static class WrongFile
{
    private const int ShownCharacters = 160;

    /// <summary>Where a tar archive has its mark.</summary>
    private const int TarMark = 257;

    /// <summary>The first bytes of other containers, with what they are.</summary>
    private static readonly (byte[] Start, string Kind)[] Containers =
    [
        ([.. "GGUF"u8], "a GGUF file; safetensors and PyTorch files can be read"),
        ([.. "7z"u8, 0xbc, 0xaf], "a 7z archive; the checkpoint in it must be unpacked first"),
        ([.. "Rar!"u8], "a RAR archive; the checkpoint in it must be unpacked first"),
        ([0x1f, 0x8b], "a gzip archive; the checkpoint in it must be unpacked first"),
        ([0x89, .. "HDF"u8], "an HDF5 file, as Keras writes; safetensors and PyTorch files can be read"),
        ([0x89, .. "PNG"u8], "a picture (PNG), perhaps the preview of a checkpoint"),
        ([0xff, 0xd8, 0xff], "a picture (JPEG), perhaps the preview of a checkpoint"),
        ([.. "RIFF"u8], "a picture or a sound (RIFF), perhaps the preview of a checkpoint"),
    ];

    /// <summary>Why a file cannot be a checkpoint, as the end of a message; null for one that may be.</summary>
    /// <param name="start">Its first bytes, a few hundred.</param>
    public static string? ReasonOf(ReadOnlySpan<byte> start)
    {
        foreach (var (beginning, kind) in Containers)
        {
            if (start.StartsWith(beginning))
            {
                return $"it is {kind}.";
            }
        }

        if (start.Length > TarMark && start[TarMark..].StartsWith("ustar"u8))
        {
            return "it is a tar archive, as PyTorch wrote before 0.2; safetensors files, PyTorch's zip archives and "
                + "its pickles since then can be read.";
        }

        if (start.Length > 2 && start[0] == 0x80 && start[1] is >= 2 and <= 5)
        {
            return "it is a pickle that PyTorch did not write; safetensors files and those of torch.save can be read.";
        }

        var isZero = start.Length > 8 && !start.ContainsAnyExcept((byte)0);
        return isZero ? $"its first {start.Length} bytes are only zeros: the download is not complete."
            : TextOf(start)?.Trim() is { Length: > 0 } text ? ReasonOf(text)
            : null;
    }

    private static string ReasonOf(string text) =>
        text.StartsWith("version https://git-lfs", StringComparison.Ordinal)
            ? "it is the pointer that Git LFS keeps in the place of the file, which was not downloaded (git lfs pull)."
        : text.StartsWith('<')
            ? $"it is a web page or a server's XML in the place of the file; the download went wrong: {Shown(text)}"
        : $"it is a text and no checkpoint, perhaps a message of the server: {Shown(text)}";

    private static string Shown(string text)
    {
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length > ShownCharacters ? line[..ShownCharacters] + "…" : line;
    }

    /// <summary>
    /// The bytes as a text, with whatever byte order mark it has; null where there are characters that no text has.
    /// A safetensors file begins with its header's length, whose upper bytes are zeros, so it is never one.
    /// </summary>
    private static string? TextOf(ReadOnlySpan<byte> start)
    {
        using var reader = new StreamReader(new MemoryStream(start.ToArray()), Encoding.UTF8);
        var text = reader.ReadToEnd();
        return text.Any(c => char.IsControl(c) && !char.IsWhiteSpace(c)) ? null : text;
    }
}
