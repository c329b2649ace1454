using ControlNetSharp.Annotators;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Engine;

/// <summary>
/// The pictures of a request, read and compared with each other: what can be wrong with them is found before a network
/// is loaded.
/// </summary>
/// <param name="Units">Those of the units.</param>
internal sealed record RequestInputs(IReadOnlyList<UnitInput> Units)
{
    /// <summary>Reads them.</summary>
    /// <exception cref="RequestException">
    /// A file is missing, or pictures do not go together; the member is named.
    /// </exception>
    /// <exception cref="PictureException">A file is no picture.</exception>
    public static RequestInputs Read(GenerationRequest request)
    {
        if (request.Initial is { } initial)
        {
            RequireThere("initial.picture", initial.Picture);
            RequireThere("initial.mask.picture", initial.Mask?.Picture);
            var picture = initial.Picture.Read();
            _ = initial.Mask is null ? null : SoftMask.Hard(initial, picture.Width, picture.Height);
        }

        foreach (var (index, region) in request.Regions.Index())
        {
            var member = $"regions[{index}].mask";
            RequireThere(member, region.Mask);
            RequestRules.Require(
                Greyscale.Of(region.Mask.ReadMask()).Any(level => level > 0),
                member,
                region.Mask.Name,
                "must have white pixels, where the prompt counts; it has none."
            );
        }

        return new RequestInputs([
            .. request.Units.Select((unit, index) => UnitInput.Read(unit, $"units[{index}]", request.Initial?.Mask)),
        ]);
    }

    /// <summary>
    /// The same for another picture of the units' rows; they are read for themselves, so that a long row does not stay
    /// in memory.
    /// </summary>
    /// <inheritdoc cref="Read" path="/exception"/>
    public RequestInputs At(GenerationRequest request, int row) =>
        new([.. Units.Zip(request.Units, (input, unit) => unit.Row is null ? input : input.Of(unit, row, request))]);

    /// <summary>Refuses a picture whose file is not there, by the member that names it.</summary>
    internal static void RequireThere(string member, PictureSource? source)
    {
        if (source is { Path: { } path } && !File.Exists(path))
        {
            throw new RequestException(
                member,
                path,
                Directory.Exists(path) ? "is a folder, not a picture." : "there is no such picture."
            );
        }
    }
}

/// <summary>The pictures of a unit.</summary>
/// <param name="Path">Where the unit stands, such as <c>units[0]</c>.</param>
/// <param name="Unit">The unit.</param>
/// <param name="Source">What its hint is made of.</param>
/// <param name="Mask">Where it acts; null for everywhere.</param>
/// <param name="Holes">Where the hint of an inpainting ControlNet is made anew; null for nowhere.</param>
internal sealed record UnitInput(string Path, ControlUnit Unit, HintInput Source, Picture? Mask, Picture? Holes)
{
    /// <summary>Further pictures for an IP-Adapter.</summary>
    public IReadOnlyList<Picture> More { get; init; } = [];

    /// <summary>The member that names the picture, such as <c>units[0].picture</c>.</summary>
    public string PictureMember { get; init; } = Path + ".picture";

    private const string Inpainting = "inpaint";

    /// <summary>Reads them.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="path">Where it stands.</param>
    /// <param name="initialMask">
    /// The mask of the picture to start from, which an inpainting ControlNet's holes are if it has none of its own.
    /// </param>
    /// <param name="row">Which picture of its row the unit has.</param>
    public static UnitInput Read(ControlUnit unit, string path, InpaintMask? initialMask, int row = 0)
    {
        foreach (var (name, picture) in RequestPictures.Of(unit, path))
        {
            RequestInputs.RequireThere(name, picture);
        }

        var source = UnitAnnotator.Open(unit, path);
        IReadOnlyList<Picture> more = [.. (unit.MorePictures ?? []).Select(picture => picture.Read())];
        var member = row == 0 ? path + ".picture" : $"{path}.frames[{row - 1}]";
        RequireSize(member, unit.Picture.Name, source.Picture);
        foreach (var (index, other) in more.Index())
        {
            RequireSize($"{path}.more[{index}]", unit.MorePictures![index].Name, other);
        }

        return new UnitInput(
            path,
            unit,
            source,
            unit.Mask?.ReadMask(),
            Holed(unit, path, source, initialMask)?.ReadMask()
        )
        {
            More = more,
            PictureMember = member,
        };
    }

    /// <summary>Those of another picture of the unit's row.</summary>
    public UnitInput Of(ControlUnit unit, int row, GenerationRequest request)
    {
        var other = RequestRows.At(unit, row);
        return Read(other with { Picture = other.Picture.Apart() }, Path, request.Initial?.Mask, row);
    }

    private static void RequireSize(string member, string name, Picture picture) =>
        RequestRules.Require(
            Math.Min(picture.Width, picture.Height) >= PreparedControl.SmallestHint,
            member,
            name,
            $"a hint must be at least {PreparedControl.SmallestHint} x {PreparedControl.SmallestHint} pixels; this one "
                + $"has {picture.Width} x {picture.Height}."
        );

    /// <summary>
    /// What is to be said of masks that are neither in the shape of the unit's picture nor in that of the result: they
    /// are cut at other places.
    /// </summary>
    /// <param name="width">Pixels a row of the result, or of the picture that it is a region of.</param>
    /// <param name="height">Rows likewise.</param>
    public IEnumerable<RequestWarning> WarningsOfMasks(int width, int height)
    {
        var own = Source.Picture;
        (string Name, PictureSource? Source, Picture? Picture)[] masks =
        [
            ("mask", Unit.Mask, Mask),
            ("inpaint", Unit.Holes, Holes),
        ];
        foreach (var (name, source, mask) in masks)
        {
            if (
                source is not null
                && mask is not null
                && Unit.Resize != ResizeMode.Just
                && !PictureShape.IsSame((mask.Width, mask.Height), (own.Width, own.Height))
                && !PictureShape.IsSame((mask.Width, mask.Height), (width, height))
            )
            {
                yield return new RequestWarning(
                    $"{Path}.{name}",
                    $"{name}={source.Name}",
                    $"it has {mask.Width} x {mask.Height} pixels, another shape than the unit's picture ({own.Width} x "
                        + $"{own.Height}) and the result ({width} x {height}); "
                        + $"resize={RequestValues.WordOf(Unit.Resize)} brings it to size for itself, so that it may "
                        + "lie elsewhere than it was painted."
                );
            }
        }
    }

    private static PictureSource? Holed(ControlUnit unit, string path, HintInput source, InpaintMask? initialMask)
    {
        // The kind tells, or the name: control_v11p_sd15_inpaint.
        var isForInpainting =
            unit.ConditionKind.Name == Inpainting
            || source.Annotator is null
                && unit.Model is { } model
                && System.IO.Path.GetFileName(model).Contains(Inpainting, StringComparison.OrdinalIgnoreCase);
        return unit.Holes
            ?? (
                !isForInpainting
                    ? null
                    : initialMask?.Picture
                        ?? throw new RequestException(
                            unit.Model is null ? path + ".kind" : path + ".model",
                            unit.Model ?? unit.Kind,
                            "an inpainting ControlNet needs to know what is made anew: give inpaint=MASK in the unit, "
                                + "or a mask for the initial picture."
                        )
            );
    }
}
