using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;

namespace ControlNetSharp.Cli;

/// <summary>All pictures that go into a generation.</summary>
/// <param name="Initial">The picture to start from, or null.</param>
/// <param name="Mask">Its mask, or null.</param>
/// <param name="Units">Those of each unit.</param>
internal sealed record SourcePictures(Picture? Initial, Picture? Mask, IReadOnlyList<UnitPictures> Units)
{
    /// <summary>Reads the files that the settings name.</summary>
    /// <exception cref="UsageException">A file is missing, or a mask does not fit its picture.</exception>
    /// <exception cref="PictureException">A file is no picture.</exception>
    public static SourcePictures Read(GenerateSettings settings)
    {
        var initial = settings.Initial is { } start ? PictureFiles.Read(InitialSettings.Init.Name, start.Picture, start.Picture) : null;
        var mask = settings.Initial?.Mask is { } repainted ? PictureFiles.ReadMask(MaskSettings.Mask.Name, repainted.Picture, repainted.Picture) : null;
        return new SourcePictures(initial, mask, [.. settings.Units.Select(unit => UnitPictures.Read(unit, mask))]);
    }

    /// <summary>What the library calls the picture to start from; null without one.</summary>
    public InitialPicture? ToInitial(InitialSettings? settings) => settings is null ? null : new InitialPicture
    {
        Picture = Initial!,
        Denoise = settings.Denoise,
        Mask = settings.Mask is not { } mask ? null : new InpaintMask { Picture = Mask!, Blur = mask.Blur, Content = mask.Content, OnlyMasked = mask.OnlyMasked, Padding = mask.Padding },
    };

    /// <summary>The same with the initial picture and its mask at the size of the result, which changes nothing about the result, unless only a region is made anew.</summary>
    public SourcePictures Fitted(GenerationFrame frame)
    {
        if (Initial is null || frame.Whole is not null)
        {
            return this;
        }

        var (width, height) = frame.Size;
        // The mask is cut where the picture is.
        var mask = Mask is null ? null : PictureResizing.Fit(PictureResizing.Fit(Mask, Initial.Width, Initial.Height, ResizeMode.Just), width, height, ResizeMode.Crop);
        return this with { Initial = PictureResizing.Fit(Initial, width, height, ResizeMode.Crop), Mask = mask };
    }
}
