using System.Diagnostics;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Engine;

/// <summary>
/// The way of one picture that is only enlarged: all that can be wrong is found before a network is loaded.
/// </summary>
internal sealed class UpscaleRun
{
    private readonly UpscaleRequest _request;
    private readonly EngineParts _engine;
    private readonly Picture _picture;
    private readonly Picture? _alpha;
    private readonly string? _parameters;
    private readonly string? _file;
    private readonly double _scale;

    /// <summary>Checks a request, reads its picture, finds its file and reads the header.</summary>
    /// <exception cref="RequestException">A value is not allowed, or a file is not there.</exception>
    /// <exception cref="PictureException">It is no picture.</exception>
    /// <exception cref="CheckpointException">The file is no upscaler.</exception>
    public UpscaleRun(UpscaleRequest request, EngineParts engine, CancellationToken cancellationToken)
    {
        request.Check();
        (_request, _engine) = (request, engine);
        RequestInputs.RequireThere("picture", request.Picture);
        (_picture, _alpha) = PictureReader.ReadWithAlpha(request.Picture.ReadBytes(), request.Picture.Name);
        _parameters = PictureTexts.Read(request.Picture.ReadBytes()).Parameters;
        _file = UpscalerFiles.Find("upscaler", request.Upscaler, engine.Finder, null, cancellationToken);
        int? network = _file is null ? null : UpscalerFile.ScaleOf(_file);
        _scale = request.Scale ?? network ?? 2;
        RequireSize(network ?? 1);
    }

    private int Width => (int)Math.Round(_picture.Width * _scale);

    private int Height => (int)Math.Round(_picture.Height * _scale);

    /// <summary>Enlarges it; to be called on the thread of the device.</summary>
    /// <param name="progress">Told of the share that is done; null for nobody.</param>
    /// <param name="cancellationToken">Looked at before each tile.</param>
    public UpscaledPicture Make(IProgress<double>? progress, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var clock = Stopwatch.StartNew();
        var enlarge = ByInterpolation;
        if (_file is null)
        {
            return Made(enlarge);
        }

        using var threads = new ThreadCount(_engine.Options.Threads);
        using var network = UpscalerFiles.Rent(
            _engine.Shelf,
            _file,
            PlacementPolicy.Load(_engine.Options.Device, "fp32"),
            cancellationToken
        );
        var upscaler = new PictureUpscaler(network.Value, _request.Tile, _request.Overlap);
        // Opacity is enlarged likewise, so that it ends where the colours do.
        var (begun, parts) = (0, _alpha is null ? 1 : 2);
        return Made(picture =>
        {
            var part = begun++;
            return upscaler.Enlarge(
                picture,
                Width,
                Height,
                done => progress?.Report((part + done) / parts),
                cancellationToken
            );
        });

        UpscaledPicture Made(Func<Picture, Picture> large)
        {
            var picture = large(_picture);
            var alpha = _alpha is null ? null : large(_alpha);
            return new UpscaledPicture(picture, alpha, NameOfUpscaler, _scale, clock.Elapsed.TotalSeconds)
            {
                Parameters = _parameters,
            };
        }
    }

    private string NameOfUpscaler =>
        _file is null ? UpscalerCatalogue.Find(_request.Upscaler).Name : Path.GetFileName(_file);

    private Picture ByInterpolation(Picture picture) =>
        PictureResizing.Resize(picture, Width, Height, UpscalerCatalogue.Find(_request.Upscaler).Pixels!.Value);

    /// <summary>Sides and pixels of the result, and of what a network makes on the way to it.</summary>
    private void RequireSize(int network)
    {
        var most = PictureLimits.Default.MaxPixels;
        var way = Math.Max(_scale, Math.Pow(network, PictureUpscaler.Runs(network, _scale)));
        RequestRules.Require(
            Math.Max(Width, Height) <= UpscaleRequest.MostSide && way * _picture.Width * way * _picture.Height <= most,
            "scale",
            _scale,
            $"makes {Width} x {Height} pixels of {_picture.Width} x {_picture.Height}"
                + (way > _scale ? $", by way of {way} times the size" : "")
                + $"; at most {UpscaleRequest.MostSide} a side and {most} in all are made."
        );
    }
}
