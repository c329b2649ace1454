using System.CommandLine;
using ControlNetSharp.Pipelines;

namespace ControlNetSharp.Cli;

/// <summary>The options of <c>controlnet generate</c> that say which part of <c>--init</c> is repainted.</summary>
internal sealed record MaskSettings(string Picture, int Blur, MaskedContent Content, bool OnlyMasked, int Padding)
{
    public static readonly Option<string?> Mask = new("--mask") { Description = "Picture whose white part of --init is repainted; needs --init." };
    private static readonly Option<string?> BlurOption = new("--mask-blur") { Description = $"Softness of the mask's border, 0 to {InpaintMask.MostBlur} pixels; default 4." };
    private static readonly Option<string?> ContentOption = new("--masked-content") { Description = "What lies under the mask at the start: original (default), fill, noise or nothing." };
    private static readonly Option<bool> OnlyMaskedOption = new("--only-masked") { Description = "Makes only the surroundings of the mask, at the size of --size, and puts them back into the whole picture." };
    private static readonly Option<string?> PaddingOption = new("--mask-padding") { Description = $"With --only-masked: how much around the mask is looked at, 0 to {InpaintMask.MostPadding} pixels; default 32." };

    public static IEnumerable<Option> Options => [Mask, BlurOption, ContentOption, OnlyMaskedOption, PaddingOption];

    /// <summary>Reads the options; null where no mask is given.</summary>
    /// <exception cref="UsageException">A value is wrong, or an option stands without the one it belongs to.</exception>
    public static MaskSettings? Read(ParseResult arguments)
    {
        if (arguments.GetValue(Mask) is not { } picture)
        {
            return Options.FirstOrDefault(arguments.Has) is { } lonely ? throw new UsageException(lonely.Name, $"{lonely.Name} needs {Mask.Name}.") : null;
        }

        var onlyMasked = arguments.GetValue(OnlyMaskedOption);
        return arguments.Has(PaddingOption) && !onlyMasked
            ? throw new UsageException(PaddingOption.Name, $"{PaddingOption.Name} needs {OnlyMaskedOption.Name}.")
            : new MaskSettings(
                picture,
                arguments.Whole(BlurOption, 4, 0, InpaintMask.MostBlur),
                arguments.GetValue(ContentOption) is { } content ? Choices.Of<MaskedContent>(ContentOption.Name, content) : MaskedContent.Original,
                onlyMasked,
                arguments.Whole(PaddingOption, 32, 0, InpaintMask.MostPadding));
    }
}
