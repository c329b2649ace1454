using ControlNetSharp.Annotators;
using ControlNetSharp.Annotators.Poses;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace ControlNetSharp.Server.Studio;

/// <summary>The page at <c>/</c>, and what its editors draw with.</summary>
internal static class StudioParts
{
    /// <summary>
    /// A page in a cache is asked for again, which costs a few bytes: after an update nobody sees half of an old one.
    /// </summary>
    private const string Revalidate = "no-cache";

    public static void MapStudio(this IEndpointRouteBuilder routes)
    {
        foreach (var file in StudioFile.All)
        {
            routes.MapMethods(
                "/" + file.Path,
                [HttpMethods.Get, HttpMethods.Head],
                (HttpContext http) => Send(http, file)
            );
        }

        var start = StudioFile.All.Single(file => file.Path == "index.html");
        routes.MapMethods("/", [HttpMethods.Get, HttpMethods.Head], (HttpContext http) => Send(http, start));
        routes.MapGet("/v1/drawing", () => DrawingWords.OfLibrary);
    }

    private static FileContentHttpResult Send(HttpContext http, StudioFile file)
    {
        http.Response.Headers.CacheControl = Revalidate;
        return TypedResults.Bytes(file.Bytes, file.MediaType, entityTag: file.Tag);
    }
}

/// <summary>The colours and names that a hint is drawn with by hand, so that no second table is in the page.</summary>
/// <param name="Classes">ADE20K's classes in their order.</param>
/// <param name="Joints">The 18 joints of a body in OpenPose's order.</param>
/// <param name="Limbs">The joints that limbs are drawn between, each in the colour of the joint at its place.</param>
internal sealed record DrawingWords(
    IReadOnlyList<DrawingWords.Ink> Classes,
    IReadOnlyList<DrawingWords.Ink> Joints,
    IReadOnlyList<int[]> Limbs
)
{
    /// <summary>A name and its colour as CSS writes it.</summary>
    public sealed record Ink(string Name, string Colour);

    public static DrawingWords OfLibrary { get; } =
        new(
            [
                .. Ade20kPalette.Names.Select(
                    (name, label) =>
                    {
                        var (red, green, blue) = Ade20kPalette.ColourOf(label);
                        return new Ink(name, Css(red, green, blue));
                    }
                ),
            ],
            [
                .. PosePerson.JointNames.Select(
                    (name, joint) =>
                        new Ink(
                            name,
                            Css(
                                PoseDrawing.Colours[joint][0],
                                PoseDrawing.Colours[joint][1],
                                PoseDrawing.Colours[joint][2]
                            )
                        )
                ),
            ],
            [.. PoseDrawing.Limbs.Select(limb => new[] { limb.From, limb.To })]
        );

    private static string Css(byte red, byte green, byte blue) => $"#{red:x2}{green:x2}{blue:x2}";
}
