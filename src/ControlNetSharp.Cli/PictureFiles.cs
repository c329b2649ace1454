using ControlNetSharp.Pictures;

namespace ControlNetSharp.Cli;

/// <summary>Pictures that options name.</summary>
internal static class PictureFiles
{
    /// <summary>Reads one.</summary>
    /// <param name="option">The option.</param>
    /// <param name="value">What the user wrote.</param>
    /// <param name="path">The file in it.</param>
    /// <exception cref="UsageException">There is no such file.</exception>
    /// <exception cref="PictureException">It is no picture.</exception>
    public static Picture Read(string option, string value, string path) =>
        File.Exists(path) ? PictureReader.Read(path) : throw UsageException.Of(option, value, "there is no such picture.");
}
