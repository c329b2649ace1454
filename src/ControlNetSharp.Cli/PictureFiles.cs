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
        PictureReader.Read(Existing(option, value, path));

    /// <summary>Reads a mask, which may be painted on transparency.</summary>
    /// <inheritdoc cref="Read" path="/param|/exception"/>
    public static Picture ReadMask(string option, string value, string path) =>
        PictureReader.ReadMask(Existing(option, value, path));

    /// <summary>The path, where it is a file.</summary>
    /// <inheritdoc cref="Read" path="/param"/>
    /// <exception cref="UsageException">There is no such file.</exception>
    public static string Existing(string option, string value, string path) =>
        File.Exists(path)
            ? path
            : throw UsageException.Of(
                option,
                value,
                Directory.Exists(path) ? "is a folder, not a picture." : "there is no such picture."
            );
}
