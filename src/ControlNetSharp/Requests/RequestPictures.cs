using ControlNetSharp.Pictures;

namespace ControlNetSharp.Requests;

/// <summary>All pictures of a request, wherever they stand in it.</summary>
internal static class RequestPictures
{
    /// <summary>The pictures with the paths of their members, such as <c>units[0].mask</c>.</summary>
    public static IEnumerable<(string Member, PictureSource Picture)> Of(GenerationRequest request)
    {
        (string Member, PictureSource? Picture)[] initial =
        [
            ("initial.picture", request.Initial?.Picture),
            ("initial.mask.picture", request.Initial?.Mask?.Picture),
        ];
        return initial
            .Where(picture => picture.Picture is not null)
            .Select(picture => (picture.Member, picture.Picture!))
            .Concat(request.Regions.Select((region, index) => ($"regions[{index}].mask", region.Mask)))
            .Concat(request.Units.SelectMany((unit, index) => Of(unit, $"units[{index}]")));
    }

    /// <summary>Those of a unit.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="path">Where it stands, such as <c>units[0]</c>.</param>
    public static IEnumerable<(string Member, PictureSource Picture)> Of(ControlUnit unit, string path)
    {
        yield return (path + ".picture", unit.Picture);
        if (unit.Mask is { } mask)
        {
            yield return (path + ".mask", mask);
        }

        if (unit.Holes is { } holes)
        {
            yield return (path + ".inpaint", holes);
        }

        foreach (var (index, picture) in (unit.MorePictures ?? []).Index())
        {
            yield return ($"{path}.more[{index}]", picture);
        }

        foreach (var (index, picture) in (unit.Frames ?? []).Index())
        {
            yield return ($"{path}.frames[{index}]", picture);
        }
    }

    /// <summary>The same request with other pictures in the place of its own.</summary>
    public static GenerationRequest Replace(
        GenerationRequest request,
        Func<PictureSource, PictureSource> replacement
    ) =>
        request with
        {
            Initial = request.Initial is not { } initial
                ? null
                : initial with
                {
                    Picture = replacement(initial.Picture),
                    Mask = initial.Mask is not { } mask ? null : mask with { Picture = replacement(mask.Picture) },
                },
            Regions = [.. request.Regions.Select(region => region with { Mask = replacement(region.Mask) })],
            Units = [.. request.Units.Select(unit => Replace(unit, replacement))],
        };

    /// <summary>The same for a unit.</summary>
    public static ControlUnit Replace(ControlUnit unit, Func<PictureSource, PictureSource> replacement) =>
        unit with
        {
            Picture = replacement(unit.Picture),
            Mask = unit.Mask is null ? null : replacement(unit.Mask),
            Holes = unit.Holes is null ? null : replacement(unit.Holes),
            MorePictures = unit.MorePictures is null ? null : [.. unit.MorePictures.Select(replacement)],
            Frames = unit.Frames is null ? null : [.. unit.Frames.Select(replacement)],
        };
}
