using System.Text.Json.Nodes;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using static ControlNetSharp.Server.WebUi.GenerationPlanner;

namespace ControlNetSharp.Server.WebUi;

/// <summary>
/// Script <c>sd upscale</c>: the picture is enlarged, cut into tiles that overlap, each is made anew, and they are put
/// together. Source: stable-diffusion-webui v1.10.1, scripts/sd_upscale.py, modules/images.py, split_grid and
/// combine_grid (behaviour).
/// </summary>
internal static class SdUpscale
{
    public const string Name = "sd upscale";

    private const int MostTiles = 1000,
        MostOverlap = 256;
    private const double MostScale = 8;

    /// <summary>A request for each tile, and what puts their pictures together.</summary>
    /// <param name="request">The request for one tile.</param>
    /// <param name="start">What is enlarged.</param>
    /// <param name="arguments">A text that says nothing, the overlap in pixels, the upscaler, the scale.</param>
    /// <exception cref="RequestException">An argument is not allowed.</exception>
    public static (
        IReadOnlyList<GenerationRequest> Requests,
        Func<IReadOnlyList<Picture>, IReadOnlyList<Picture>> Joined
    ) Plan(GenerationRequest request, StartRequests start, JsonArray arguments)
    {
        var (overlap, upscaler, scale) = Arguments(arguments);
        if (start.Initial.Mask is not null)
        {
            throw Refused("mask", null, $"the script {Name} makes the whole picture anew.");
        }

        var source = start.Pictures[0].Read();
        var size = request.Size!.Value;
        var enlarged = PictureUpscalers.Resize(
            source,
            upscaler,
            Math.Max(size.Width, (int)(source.Width * scale)),
            Math.Max(size.Height, (int)(source.Height * scale))
        );
        var columns = Starts(enlarged.Width, size.Width, overlap);
        var rows = Starts(enlarged.Height, size.Height, overlap);
        if (columns.Count * rows.Count * request.Batch * request.Count > MostTiles)
        {
            throw Refused(
                "script_args",
                null,
                $"would make {columns.Count * rows.Count} tiles of {size}; at most {MostTiles} are made in one call."
            );
        }

        List<Picture> tiles = [.. rows.SelectMany(y => columns.Select(x => Cut(enlarged, x, y, size)))];
        var copies = request.Batch * request.Count;
        var requests = Enumerable
            .Range(0, copies)
            .SelectMany(copy =>
                tiles.Select(
                    (tile, index) =>
                        request with
                        {
                            Seed = request.Seed + copy + index,
                            Batch = 1,
                            Count = 1,
                            Initial = start.Initial with { Picture = tile },
                        }
                )
            );
        return ([.. requests], made => Joined(made));

        IReadOnlyList<Picture> Joined(IReadOnlyList<Picture> made)
        {
            // What was interrupted has the enlarged tiles where none was made.
            return
            [
                .. made.Chunk(tiles.Count)
                    .Select(some => Sheet([.. some, .. tiles.Skip(some.Length)], columns, rows, overlap)),
            ];
        }
    }

    private static (int Overlap, string Upscaler, double Scale) Arguments(JsonArray arguments)
    {
        const string name = "script_args";
        var overlap = NumberAt(1) ?? 64;
        var scale = NumberAt(3) ?? 2;
        var upscaler = TextAt(2) ?? "Lanczos";
        if (overlap is < 0 or > MostOverlap)
        {
            throw Refused(name + "[1]", RequestRules.Text(overlap), $"the overlap must be from 0 to {MostOverlap}.");
        }

        if (scale is < 1 or > MostScale)
        {
            throw Refused(name + "[3]", RequestRules.Text(scale), $"the scale must be from 1 to {MostScale}.");
        }

        return (
            (int)overlap,
            PictureUpscalers.Find(upscaler)
                ?? throw Refused(
                    name + "[2]",
                    upscaler,
                    $"there is no such upscaler; there are {string.Join(", ", PictureUpscalers.Names)}."
                ),
            scale
        );

        double? NumberAt(int index) =>
            arguments.ElementAtOrDefault(index) is JsonValue value && value.TryGetValue<double>(out var number)
                ? number
                : null;

        string? TextAt(int index) =>
            arguments.ElementAtOrDefault(index) is not JsonValue value ? null
            : value.TryGetValue<string>(out var text) ? text
            : value.TryGetValue<int>(out var number) ? PictureUpscalers.Names.ElementAtOrDefault(number) ?? ""
            : null;
    }

    /// <summary>Where tiles begin: evenly, the last one at the border.</summary>
    private static List<int> Starts(int whole, int tile, int overlap)
    {
        var count = Math.Max(1, (int)Math.Ceiling((whole - overlap) / (double)Math.Max(1, tile - overlap)));
        return
        [
            .. Enumerable
                .Range(0, count)
                .Select(index => count == 1 ? 0 : (int)(index * (double)(whole - tile) / (count - 1))),
        ];
    }

    private static Picture Cut(Picture picture, int left, int top, PictureSize size)
    {
        var rgb = new byte[3 * size.Width * size.Height];
        for (var row = 0; row < size.Height; row++)
        {
            picture
                .Rgb.Slice(3 * ((top + row) * picture.Width + left), 3 * size.Width)
                .CopyTo(rgb.AsSpan(3 * row * size.Width));
        }

        return Picture.Owning(size.Width, size.Height, rgb);
    }

    private static Picture Sheet(IReadOnlyList<Picture> tiles, List<int> columns, List<int> rows, int overlap)
    {
        var (width, height) = (tiles[0].Width, tiles[0].Height);
        List<Picture> bands =
        [
            .. rows.Index()
                .Select(row => Band(tiles, row.Index * columns.Count, columns, columns[^1] + width, overlap)),
        ];
        var whole = Picture.Black(columns[^1] + width, rows[^1] + height);
        foreach (var (band, top) in bands.Zip(rows))
        {
            Paste(whole, band, 0, top, (_, y) => top == 0 || y >= overlap ? 1 : (double)y / overlap);
        }

        return whole;
    }

    private static Picture Band(IReadOnlyList<Picture> tiles, int first, List<int> columns, int width, int overlap)
    {
        var band = Picture.Black(width, tiles[0].Height);
        foreach (var (index, left) in columns.Index())
        {
            Paste(band, tiles[first + index], left, 0, (x, _) => left == 0 || x >= overlap ? 1 : (double)x / overlap);
        }

        return band;
    }

    private static void Paste(Picture below, Picture above, int left, int top, Func<int, int, double> share)
    {
        for (var y = 0; y < above.Height; y++)
        {
            for (var x = 0; x < above.Width; x++)
            {
                var alpha = share(x, y);
                var (to, from) = (3 * ((top + y) * below.Width + left + x), 3 * (y * above.Width + x));
                for (var channel = 0; channel < 3; channel++)
                {
                    below.Canvas[to + channel] = (byte)
                        Math.Round(alpha * above.Rgb[from + channel] + (1 - alpha) * below.Rgb[to + channel]);
                }
            }
        }
    }
}
