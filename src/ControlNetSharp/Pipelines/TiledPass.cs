using ControlNetSharp.Diffusion;
using ControlNetSharp.Networks;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// The pass that makes pictures much larger: the picture is enlarged, and the sampler walks over the latents of the
/// whole, while networks see one tile at a time. What they predict for the tiles is joined at each step, with shares
/// that rise and fall where tiles overlap. Source: Bar-Tal et al. 2023, arXiv:2302.08113, equation (5).
/// </summary>
/// <param name="course">What the generation goes by.</param>
/// <param name="passes">Encodes the prompts.</param>
/// <param name="unet">The denoising network. Borrowed, as all that follows.</param>
/// <param name="prediction">What the UNet predicts.</param>
/// <param name="latentPictures">Pictures to latents and back.</param>
/// <param name="placement">Device and compute dtype.</param>
/// <param name="enlargement">What enlarges, and what controls.</param>
internal sealed class TiledPass(
    GenerationCourse course,
    GenerationPasses passes,
    UNet unet,
    PredictionType prediction,
    LatentPictures latentPictures,
    Placement placement,
    Enlargement enlargement
)
{
    private readonly UpscalePass _upscale = course.Request.Upscale!;
    private readonly TileControl? _control = course.Request.Upscale!.Control is null ? null : enlargement.Control;

    /// <summary>Large pictures; each has noise of its own seed.</summary>
    /// <param name="pictures">Those of the first pass, in the order of their seeds. Borrowed.</param>
    /// <param name="cancellationToken">Looked at before each tile.</param>
    public IReadOnlyList<Picture> Run(IReadOnlyList<Picture> pictures, CancellationToken cancellationToken) =>
        [.. pictures.Select((picture, index) => Run(picture, course.Request.Seed!.Value + index, cancellationToken))];

    private Picture Run(Picture picture, long seed, CancellationToken cancellationToken)
    {
        var size = _upscale.SizeOf(course.Size);
        var large = enlargement.Enlarge(picture, _upscale.Upscaler, size, cancellationToken);
        if (course.Tiles is not { } plan)
        {
            return large;
        }

        using var scope = NewDisposeScope();
        var tiles = Grid(size);
        var clean = zeros(Noise(size, seed).shape, dtype: ScalarType.Float32, device: placement.Device);
        tiles.ForEach(tile =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            Add(clean, tile.Latents, () => latentPictures.Encode([tile.Pixels.Of(large)]));
        });
        var whole = passes.Areas(plan.Steps.Count, size, tiles[0].Size, ControlPasses.High);
        var areas = tiles.ConvertAll(tile => PromptArea.Within(whole, tile.Latents.Of));
        var hints = _control is { } control ? tiles.ConvertAll(tile => control.Hint(tile.Pixels.Of(large))) : null;
        var concatenated =
            unet.Params.ConcatenatedChannels == 0 ? null : latentPictures.InpaintingInput(null, tiles[0].Size);
        using var stepNoise = new StepNoise(seed, 1);
        course.Report.Begin();
        var latents = plan.Run(
            Denoise,
            plan.StartFrom(Noise(size, seed), clean),
            stepNoise.Draw,
            course.Report.Done,
            cancellationToken
        );
        course.Report.End();
        return Decoded(latents, tiles, size, cancellationToken);

        Tensor Denoise(Tensor noisy, NoiseLevel level, int step)
        {
            var joined = zeros_like(noisy);
            foreach (var (index, tile) in tiles.Index())
            {
                cancellationToken.ThrowIfCancellationRequested();
                Add(
                    joined,
                    tile.Latents,
                    () =>
                        new ControlledDenoiser(
                            unet,
                            course.Request.Prediction ?? prediction,
                            areas[index],
                            course.Request.GuidanceScale!.Value,
                            Attached(tile, hints?[index]),
                            plan.Steps.Count
                        )
                        {
                            ConcatenatedChannels = concatenated,
                        }.Denoise(tile.Latents.Of(noisy), level, step)
                );
            }

            return joined;
        }
    }

    /// <summary>Encoded anew at each step: kept for all tiles they would be as large as the picture.</summary>
    private List<IControl> Attached(Tile tile, Picture? hint) =>
        hint is null
            ? []
            : new ControlAttachment(
                course.Request with
                {
                    Batch = 1,
                },
                tile.Size,
                ControlPasses.Both,
                unet,
                latentPictures,
                placement
            ).All([
                new PreparedControl
                {
                    ControlNet = _control!.Network,
                    Kind = _control.Kind,
                    GlobalAveragePooling = _control.Pools,
                    Hint = hint,
                    Strength = new ControlStrength { Weight = _upscale.ControlWeight },
                },
            ]);

    private Tensor Noise(PictureSize size, long seed) =>
        latentPictures.Noise(course.Request with { Seed = seed, Batch = 1 }, size);

    private Picture Decoded(Tensor latents, List<Tile> tiles, PictureSize size, CancellationToken cancellationToken)
    {
        using var scope = NewDisposeScope();
        var pixels = zeros([1, 3, size.Height, size.Width], dtype: ScalarType.Float32);
        foreach (var tile in tiles)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Add(pixels, tile.Pixels, () => latentPictures.Values(tile.Latents.Of(latents)));
        }

        return PictureTensors.FromTensor(pixels)[0];
    }

    /// <summary>Adds a tile with its shares to the whole; what it is made with is let go.</summary>
    private static void Add(Tensor whole, TilePlace place, Func<Tensor> made)
    {
        using var scope = NewDisposeScope();
        var shares = place.Shares(whole.device);
        place.Of(whole).PlusInPlace(made().to(whole.device).to(ScalarType.Float32) * shares);
    }

    private List<Tile> Grid(PictureSize size)
    {
        var downscale = latentPictures.Downscale;
        var (side, overlap) = (course.TileSide, _upscale.Overlap / downscale);
        var columns = new TileRow(size.Width / downscale, side / downscale, overlap);
        var rows = new TileRow(size.Height / downscale, side / downscale, overlap);
        return
        [
            .. rows
                .Starts.Index()
                .SelectMany(row =>
                    columns
                        .Starts.Index()
                        .Select(column => new Tile(
                            new TilePlace(columns, column.Index, rows, row.Index),
                            new TilePlace(columns.Times(downscale), column.Index, rows.Times(downscale), row.Index)
                        ))
                ),
        ];
    }

    /// <summary>A tile in latents and in pixels.</summary>
    private sealed record Tile(TilePlace Latents, TilePlace Pixels)
    {
        public PictureSize Size => Pixels.Size;
    }

    /// <summary>Where a tile lies in a whole of columns and rows.</summary>
    private sealed record TilePlace(TileRow Columns, int Column, TileRow Rows, int Row)
    {
        public PictureSize Size => (Columns.Tile, Rows.Tile);

        /// <summary>Its part of [B, C, H, W]; a view.</summary>
        public Tensor Of(Tensor whole) =>
            whole.narrow(2, Rows.Starts[Row], Rows.Tile).narrow(3, Columns.Starts[Column], Columns.Tile);

        /// <summary>Its part of a picture.</summary>
        public Picture Of(Picture whole) =>
            whole.Part(Columns.Starts[Column], Rows.Starts[Row], Columns.Tile, Rows.Tile);

        /// <summary>Its shares: [1, 1, h, w], float32.</summary>
        public Tensor Shares(Device device) =>
            (
                tensor(Rows.Shares(Row), [1, 1, Rows.Tile, 1], device: device)
                * tensor(Columns.Shares(Column), [1, 1, 1, Columns.Tile], device: device)
            );
    }
}
