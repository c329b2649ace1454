using ControlNetSharp.Pictures;

namespace ControlNetSharp.Requests;

/// <summary>Relative paths of a request, counted from a folder.</summary>
internal static class RequestPaths
{
    /// <summary>
    /// The same request with the paths of pictures below a folder; names of networks only where a file of that path is
    /// there.
    /// </summary>
    public static GenerationRequest From(GenerationRequest request, string folder) =>
        RequestPictures.Replace(request, picture => Rooted(picture, folder)) with
        {
            Model = RootedNetwork(request.Model, folder)!,
            Vae = RootedNetwork(request.Vae, folder),
            Hires = request.Hires is not { } hires
                ? null
                : hires with
                {
                    Upscaler = RootedUpscaler(hires.Upscaler, folder),
                },
            Upscale = request.Upscale is not { } upscale
                ? null
                : upscale with
                {
                    Upscaler = RootedUpscaler(upscale.Upscaler, folder),
                    ControlModel = RootedNetwork(upscale.ControlModel, folder),
                },
            Units = [.. request.Units.Select(unit => From(unit, folder))],
        };

    /// <summary>The same for a region.</summary>
    public static PromptRegion From(PromptRegion region, string folder) =>
        region with
        {
            Mask = Rooted(region.Mask, folder),
        };

    /// <summary>The same for a unit.</summary>
    public static ControlUnit From(ControlUnit unit, string folder) =>
        RequestPictures.Replace(unit, picture => Rooted(picture, folder)) with
        {
            Model = RootedNetwork(unit.Model, folder),
        };

    private static PictureSource Rooted(PictureSource source, string folder) =>
        source is not { Path: { } path } || Path.IsPathRooted(path)
            ? source
            : PictureSource
                .FromFile(Path.GetFullPath(path, Path.GetFullPath(folder)), source.Sha256)
                .WithFrame(source.Frame);

    /// <summary>A path below a folder; null stays null.</summary>
    public static string? Rooted(string? path, string folder) =>
        path is null ? null : Path.GetFullPath(path, Path.GetFullPath(folder));

    /// <summary>The name of an upscaler that needs no file stays, whatever lies in the folder.</summary>
    private static string RootedUpscaler(string name, string folder) =>
        UpscalerCatalogue.LookFor(name) is null ? RootedNetwork(name, folder)! : name;

    /// <summary>A name of a network, as a path below a folder where a file of that path is there.</summary>
    public static string? RootedNetwork(string? name, string folder) =>
        name is not null
        && Path.GetFullPath(name, Path.GetFullPath(folder)) is var path
        && (File.Exists(path) || Directory.Exists(path))
            ? path
            : name;
}
