using ControlNetSharp.Pictures;

namespace ControlNetSharp.Annotators.Midas;

/// <summary>
/// Surface directions from MiDaS depth (A1111: normal_midas). Source: annotator/midas/__init__.py,
/// lllyasviel/ControlNet@ed85cd1; channel order as <see cref="DepthPictures.Normals"/> says.
/// </summary>
public sealed class MidasNormalAnnotator : IAnnotator
{
    internal static readonly AnnotatorInfo Description = new(
        "normal",
        ["normal_midas", "normal_map"],
        [
            new("threshold", 0, 1, 0.4, Whole: false, "what is farther than this share of the depth is background"),
            new(
                "bgr",
                0,
                1,
                1,
                Whole: true,
                "1: red = z, blue = x, as control_sd15_normal was trained; 0: red = x, blue = z"
            ),
        ],
        "surface directions from the depth by MiDaS"
    )
    {
        Weights = MidasDepth.Weights,
    };

    private readonly MidasDepth _depth;

    internal MidasNormalAnnotator(MidasDepth depth) => _depth = depth;

    internal MidasNormalAnnotator(AnnotatorNetworks networks) => _depth = MidasDepth.Rent(networks, Description);

    /// <inheritdoc/>
    public AnnotatorInfo Info => Description;

    /// <inheritdoc/>
    public Picture Annotate(
        Picture picture,
        AnnotatorOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(picture);
        options ??= new AnnotatorOptions(Info);
        return DepthPictures.Normals(
            _depth.Of(picture, cancellationToken),
            picture.Width,
            picture.Height,
            threshold: options["threshold"],
            bgr: options["bgr"] == 1
        );
    }

    /// <inheritdoc/>
    public void Dispose() => _depth.Dispose();
}
