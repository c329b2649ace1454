using ControlNetSharp.Annotators.Layers;
using ControlNetSharp.Pictures;
using static TorchSharp.torch;

namespace ControlNetSharp.Annotators;

/// <summary>Pictures as CLIP's image encoder sees them. Source: transformers 4.42, CLIPImageProcessor.</summary>
internal static class ImageEncoderInput
{
    /// <summary>
    /// The square in the middle of a picture, its shorter edge brought to a side: what of it counts. A picture of that
    /// size stays as it is.
    /// </summary>
    /// <param name="picture">The picture. Borrowed.</param>
    /// <param name="side">Pixels of the square's side.</param>
    public static Picture Seen(Picture picture, int side)
    {
        var (width, height) =
            picture.Width <= picture.Height
                ? (side, (int)((long)side * picture.Height / picture.Width))
                : ((int)((long)side * picture.Width / picture.Height), side);
        var resized = PillowResizing.Resize(picture, width, height, PillowResizing.Bicubic, 2);
        return Part(resized, (width - side) / 2, (height - side) / 2, side);
    }

    /// <summary>The squares of a sheet that has them side by side.</summary>
    /// <param name="sheet">Side · n pixels wide, side pixels high. Borrowed.</param>
    public static IReadOnlyList<Picture> Apart(Picture sheet) =>
        [
            .. Enumerable
                .Range(0, sheet.Width / sheet.Height)
                .Select(index => Part(sheet, index * sheet.Height, 0, sheet.Height)),
        ];

    /// <summary>byte / 255, less CLIP's mean, by its deviation.</summary>
    /// <param name="square">From <see cref="Seen"/>. Borrowed.</param>
    /// <returns>[1, 3, side, side], RGB, float32, on the CPU; fresh.</returns>
    public static Tensor Pixels(Picture square)
    {
        using var scope = NewDisposeScope();
        var (mean, deviation) = (
            tensor(new[] { 0.48145466f, 0.4578275f, 0.40821073f }).reshape(1, 3, 1, 1),
            tensor(new[] { 0.26862954f, 0.26130258f, 0.27577711f }).reshape(1, 3, 1, 1)
        );
        return ((PictureTensors.ToHint(square) - mean) / deviation).MoveToOuterDisposeScope();
    }

    private static Picture Part(Picture picture, int left, int top, int side)
    {
        var rgb = new byte[3 * side * side];
        for (var row = 0; row < side; row++)
        {
            picture.Rgb.Slice(3 * ((top + row) * picture.Width + left), 3 * side).CopyTo(rgb.AsSpan(3 * row * side));
        }

        return Picture.Owning(side, side, rgb);
    }
}
