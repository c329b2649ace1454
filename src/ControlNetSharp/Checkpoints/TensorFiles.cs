using ControlNetSharp.Checkpoints.Torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>Opens a file with tensors by what is in it; its name and extension do not matter.</summary>
internal static class TensorFiles
{
    /// <summary>Opens a safetensors or PyTorch file; names, shapes and places are checked, no tensor is read yet.</summary>
    /// <exception cref="CheckpointException">It cannot be opened, is of no known container, or is damaged.</exception>
    public static ITensorFile Open(string path)
    {
        var file = MappedFile.Open(path);
        var start = file.Bytes(0, (int)Math.Min(file.Length, 512));
        // A safetensors header is JSON behind 8 bytes of length, which may be the beginning of anything.
        return start.Length > 8 && start[8] == (byte)'{' ? SafetensorsFile.Open(file)
            : TorchFile.IsZip(start) ? TorchFile.OpenZip(file)
            : TorchFile.IsLegacy(start) ? TorchFile.OpenLegacy(file)
            : Foreign(start) is { } foreign ? throw Refused(file, foreign)
            : SafetensorsFile.Open(file);
    }

    /// <summary>What people have in the place of a checkpoint.</summary>
    private static string? Foreign(ReadOnlySpan<byte> start) =>
        start.StartsWith("version https://git-lfs"u8) ? "it is the pointer that Git LFS keeps in the place of the file; the file itself was not downloaded (git lfs pull)."
        : start.StartsWith("<!DOCTYPE"u8) || start.StartsWith("<!doctype"u8) || start.StartsWith("<html"u8) ? "it is a web page; the download went wrong."
        : start.StartsWith("GGUF"u8) ? "it is a GGUF file; safetensors and PyTorch files can be read."
        : start.Length > 262 && start[257..].StartsWith("ustar"u8) ? "it is a tar archive, as PyTorch wrote before 0.2; safetensors files, PyTorch's zip archives and its pickles since then can be read."
        : start.Length > 2 && start[0] == 0x80 && start[1] is >= 2 and <= 5 ? "it is a pickle that PyTorch did not write; safetensors files and those of torch.save can be read."
        : null;

    private static CheckpointException Refused(MappedFile file, string reason)
    {
        file.Dispose();
        return new CheckpointException(file.Path, reason);
    }
}
