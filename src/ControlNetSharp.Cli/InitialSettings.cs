using System.CommandLine;

namespace ControlNetSharp.Cli;

/// <summary>The options of <c>controlnet generate</c> for a picture to start from.</summary>
internal sealed record InitialSettings(string Picture, double Denoise, MaskSettings? Mask)
{
    public static readonly Option<string?> Init = new("--init") { Description = "Picture to start from (img2img); with --mask it is repainted in part." };
    public static readonly Option<string?> DenoiseOption = new("--denoise") { Description = "How much of --init is given up, 0 to 1; default 0.75. Of N steps int(denoise * N) + 1 are run." };

    public static IEnumerable<Option> Options => [Init, DenoiseOption, .. MaskSettings.Options];

    /// <summary>Reads the options; null where there is no picture to start from.</summary>
    /// <exception cref="UsageException">A value is wrong, or an option stands without the one it belongs to.</exception>
    public static InitialSettings? Read(ParseResult arguments)
    {
        if (arguments.GetValue(Init) is not { } picture)
        {
            return Options.FirstOrDefault(arguments.Has) is { } lonely ? throw new UsageException(lonely.Name, $"{lonely.Name} needs {Init.Name}.") : null;
        }

        return new InitialSettings(picture, arguments.Real(DenoiseOption, 0.75, 0, 1), MaskSettings.Read(arguments));
    }
}
