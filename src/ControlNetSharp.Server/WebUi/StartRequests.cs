using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using static ControlNetSharp.Server.WebUi.GenerationPlanner;

namespace ControlNetSharp.Server.WebUi;

/// <summary>
/// What img2img starts from. Source: stable-diffusion-webui v1.10.1, modules/processing.py (behaviour).
/// </summary>
/// <param name="Pictures">One picture for all, or one for each of a batch.</param>
/// <param name="Initial">What the pictures share: mask, denoising, resizing.</param>
internal sealed record StartRequests(IReadOnlyList<PictureSource> Pictures, InitialPicture Initial)
{
    private static readonly ResizeMode[] Modes = [ResizeMode.Just, ResizeMode.Crop, ResizeMode.Fill];

    /// <summary>What control units without a picture take.</summary>
    public StartPicture Control =>
        new(Pictures[0], Initial.Mask?.Picture, Initial.Resize, Initial.Mask?.OnlyMasked == true);

    /// <summary>Reads the fields of img2img.</summary>
    /// <exception cref="WebUiException">There is no picture, or it is none.</exception>
    /// <exception cref="RequestException">A value is not allowed or not offered.</exception>
    public static StartRequests Read(Payload payload, List<string> warnings)
    {
        if (payload.Sent("init_images") is null)
        {
            throw WebUiException.Http(404, "Init image not found");
        }

        var pictures = payload.Texts("init_images").Select(PayloadPictures.Read).ToList();
        if (pictures.Count == 0)
        {
            throw WebUiException.Python("IndexError", "init_images is empty");
        }

        var batch = payload.Whole("batch_size")!.Value;
        if (pictures.Count > 1 && pictures.Count > batch)
        {
            throw WebUiException.Python(
                "RuntimeError",
                $"bad number of images passed: {pictures.Count}; expecting {batch} or less"
            );
        }

        RefuseNotOffered(payload);
        var mode = payload.Whole("resize_mode")!.Value;
        var resize =
            mode >= 0 && mode < Modes.Length
                ? Modes[mode]
                : throw Refused(
                    "resize_mode",
                    RequestRules.Text(mode),
                    "must be 0 (just resize), 1 (crop and resize) or 2 (resize and fill); 3 is not offered here."
                );
        var denoise = payload.Number("denoising_strength")!.Value;
        return new StartRequests(
            pictures,
            new InitialPicture
            {
                Picture = pictures[0],
                Denoise = denoise,
                Resize = resize,
                Mask = Mask(payload, pictures[0], resize, warnings),
            }
        );
    }

    /// <summary>
    /// The requests that make these pictures of them: with several pictures each has its own, with the seed that it
    /// would have in a batch.
    /// </summary>
    public IReadOnlyList<GenerationRequest> Of(GenerationRequest request) =>
        Pictures.Count == 1
            ? [request with { Initial = Initial }]
            :
            [
                .. Enumerable
                    .Range(0, Pictures.Count * request.Count)
                    .Select(k =>
                        request with
                        {
                            Seed = request.Seed + k,
                            Batch = 1,
                            Count = 1,
                            Initial = Initial with { Picture = Pictures[k % Pictures.Count] },
                        }
                    ),
            ];

    private static void RefuseNotOffered(Payload payload)
    {
        if (payload.Number("initial_noise_multiplier") is { } factor && factor != 1)
        {
            throw Refused("initial_noise_multiplier", RequestRules.Text(factor), "this is not offered here.");
        }

        if (payload.Sent("latent_mask") is not null)
        {
            throw Refused("latent_mask", null, "this is not offered here; send mask.");
        }

        if (payload.Flag("mask_round") == false && payload.Text("mask") is { Length: > 0 })
        {
            throw Refused("mask_round", "false", "masks are always rounded here.");
        }
    }

    private static InpaintMask? Mask(Payload payload, PictureSource picture, ResizeMode resize, List<string> warnings)
    {
        if (payload.Text("mask") is not { Length: > 0 } text)
        {
            return null;
        }

        var (x, y) = payload.Whole("mask_blur") is { } both
            ? (both, both)
            : (payload.Whole("mask_blur_x")!.Value, payload.Whole("mask_blur_y")!.Value);
        if (x != y)
        {
            throw Refused("mask_blur_y", RequestRules.Text(y), $"must be the same as mask_blur_x, {x}.");
        }

        var fill = payload.Whole("inpainting_fill")!.Value;
        var contents = InfotextWords.Content;
        return new InpaintMask
        {
            Picture = MaskPicture(PayloadPictures.Read(text), payload, picture.Read(), resize, warnings),
            Blur = (int)Math.Clamp(x, int.MinValue, int.MaxValue),
            Content =
                fill >= 0 && fill < contents.Length
                    ? contents[fill].Value
                    : throw Refused("inpainting_fill", RequestRules.Text(fill), "must be from 0 to 3."),
            OnlyMasked = payload.Flag("inpaint_full_res") == true,
            Padding = (int)Math.Clamp(payload.Whole("inpaint_full_res_padding")!.Value, int.MinValue, int.MaxValue),
        };
    }

    /// <summary>
    /// Turned round where that was asked for; and where all is stretched to the size of the result, in the shape of
    /// the picture that it belongs to.
    /// </summary>
    private static PictureSource MaskPicture(
        PictureSource mask,
        Payload payload,
        Picture picture,
        ResizeMode resize,
        List<string> warnings
    )
    {
        var pixels = mask.ReadMask();
        if (resize == ResizeMode.Just)
        {
            pixels = PictureResizing.Fit(pixels, picture.Width, picture.Height, ResizeMode.Just);
        }

        if (payload.Whole("inpainting_mask_invert") != 0)
        {
            pixels = new Picture(pixels.Width, pixels.Height, [.. pixels.Rgb.ToArray().Select(level => (byte)~level)]);
        }

        return pixels;
    }
}
