using static TorchSharp.torch;

namespace ControlNetSharp.Pictures;

/// <summary>
/// The only place where bytes become 0..1 or -1..1 and back. All tensors are float32, NCHW, RGB, on the CPU unless said
/// otherwise; results are owned by the caller.
/// </summary>
public static class PictureTensors
{
    /// <summary>
    /// A value this little below a whole level counts as that level. A picture that goes through
    /// <see cref="ToPicture"/> and back comes out at v - 1e-5 for many v in
    /// float32, which truncation alone would darken by one level.
    /// </summary>
    private const float Slack = 1e-3f;

    /// <summary>A hint for a ControlNet: [1, 3, H, W], 0..1 (byte / 255).</summary>
    /// <param name="picture">The picture. Borrowed.</param>
    public static Tensor ToHint(Picture picture) => ToTensor(picture, value => value / 255f);

    /// <summary>A picture for networks that take bytes as they are: [1, 3, H, W], 0..255.</summary>
    /// <param name="picture">The picture. Borrowed.</param>
    internal static Tensor ToLevels(Picture picture) => ToTensor(picture, value => value);

    /// <summary>A picture for an Autoencoder: [1, 3, H, W], -1..1 (byte / 127.5 - 1).</summary>
    /// <param name="picture">The picture. Borrowed.</param>
    public static Tensor ToPicture(Picture picture) => ToTensor(picture, value => value / 127.5f - 1f);

    /// <summary>
    /// Pictures from what an Autoencoder decodes: x · 127.5 + 127.5, clamped to 0..255 and truncated to bytes, as the
    /// original does (gradio_canny2image.py,
    /// lllyasviel/ControlNet@ed85cd1), except that a value within 0.001 below a whole level counts as that level, so
    /// that bytes survive the way there and back.
    /// </summary>
    /// <param name="pictures">
    /// [B, 3, H, W], nominally -1..1, any floating-point type, any device. Borrowed. Reading it waits for the device.
    /// </param>
    /// <exception cref="ArgumentException">Another shape.</exception>
    /// <exception cref="NotANumberException">A value is not a number.</exception>
    public static IReadOnlyList<Picture> FromTensor(Tensor pictures)
    {
        if (pictures.dim() != 4 || pictures.shape[1] != 3)
        {
            throw new ArgumentException(
                $"Pictures must have the shape [B, 3, H, W], not [{string.Join(", ", pictures.shape)}].",
                nameof(pictures)
            );
        }

        using var scope = NewDisposeScope();
        var values = pictures.detach().to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
        var (height, width) = ((int)pictures.shape[2], (int)pictures.shape[3]);
        var result = new Picture[pictures.shape[0]];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = FromPlanes(values.AsSpan(i * 3 * width * height, 3 * width * height), width, height, i);
        }

        return result;
    }

    /// <summary>
    /// The picture of values in 0..1, [1, 3, H, W]: clamped, times 255, rounded. Borrowed; reading it waits for the
    /// device.
    /// </summary>
    /// <exception cref="NotANumberException">A value is not a number.</exception>
    internal static Picture FromHint(Tensor hint)
    {
        using var scope = NewDisposeScope();
        var (height, width) = ((int)hint.shape[2], (int)hint.shape[3]);
        var planes = hint.detach().to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
        var rgb = GC.AllocateUninitializedArray<byte>(planes.Length);
        var plane = width * height;
        for (var i = 0; i < planes.Length; i++)
        {
            if (float.IsNaN(planes[i]))
            {
                throw new NotANumberException(
                    $"A picture has values that are not numbers (first at channel {i / plane}, row "
                        + $"{i % plane / width}, column {i % width})."
                );
            }

            rgb[3 * (i % plane) + i / plane] = (byte)MathF.Round(Math.Clamp(planes[i], 0f, 1f) * 255f);
        }

        return Picture.Owning(width, height, rgb);
    }

    private static Tensor ToTensor(Picture picture, Func<int, float> valueOf)
    {
        // Only 256 values occur.
        var table = new float[256];
        for (var value = 0; value < table.Length; value++)
        {
            table[value] = valueOf(value);
        }

        var plane = picture.Width * picture.Height;
        var values = GC.AllocateUninitializedArray<float>(3 * plane);
        var rgb = picture.Rgb;
        for (int i = 0, from = 0; i < plane; i++, from += 3)
        {
            values[i] = table[rgb[from]];
            values[plane + i] = table[rgb[from + 1]];
            values[2 * plane + i] = table[rgb[from + 2]];
        }

        return tensor(values, [1, 3, picture.Height, picture.Width]);
    }

    private static Picture FromPlanes(ReadOnlySpan<float> planes, int width, int height, int index)
    {
        var plane = width * height;
        var rgb = GC.AllocateUninitializedArray<byte>(3 * plane);
        for (var channel = 0; channel < 3; channel++)
        {
            var values = planes.Slice(channel * plane, plane);
            for (var i = 0; i < values.Length; i++)
            {
                var level = values[i] * 127.5f + 127.5f + Slack;
                if (float.IsNaN(level))
                {
                    throw new NotANumberException(
                        $"Picture {index} of the batch has values that are not numbers (first at channel {channel}, "
                            + $"row {i / width}, column {i % width})."
                    );
                }

                rgb[3 * i + channel] = (byte)Math.Clamp(level, 0f, 255f);
            }
        }

        return Picture.Owning(width, height, rgb);
    }
}
