using ControlNetSharp.Checkpoints.Torch;

namespace ControlNetSharp.Checkpoints;

/// <summary>Opens a file with tensors by what is in it; its name and extension do not matter.</summary>
internal static class TensorFiles
{
    /// <summary>How much of a file's beginning is looked at.</summary>
    private const int BeginningLength = 512;

    /// <summary>
    /// Opens a safetensors or PyTorch file; names, shapes and places are checked, no tensor is read yet.
    /// </summary>
    /// <exception cref="CheckpointException">It cannot be opened, is of no known container, or is damaged.</exception>
    public static ITensorFile Open(string path)
    {
        var file = MappedFile.Open(path);
        var start = file.Bytes(0, (int)Math.Min(file.Length, BeginningLength));
        return IsSafetensors(start) ? SafetensorsFile.Open(file)
            : TorchFile.IsZip(start) ? TorchFile.OpenZip(file)
            : TorchFile.IsLegacy(start) ? TorchFile.OpenLegacy(file)
            : WrongFile.ReasonOf(start) is { } reason ? throw Refused(file, reason)
            : SafetensorsFile.Open(file);
    }

    /// <summary>
    /// JSON behind 8 bytes of length: the lower ones may be the beginning of anything, the upper ones are zeros.
    /// </summary>
    private static bool IsSafetensors(ReadOnlySpan<byte> start) =>
        start.Length > 8 && start[8] == (byte)'{' && !start[4..8].ContainsAnyExcept((byte)0);

    private static CheckpointException Refused(MappedFile file, string reason)
    {
        file.Dispose();
        return new CheckpointException(file.Path, reason);
    }
}
