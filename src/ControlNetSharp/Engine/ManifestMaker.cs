using System.Reflection;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Diffusion;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using ControlNetSharp.Pipelines;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Engine;

/// <summary>Writes down what a request came to, once for all of its pictures.</summary>
internal sealed class ManifestMaker
{
    private readonly GenerationRequest _request;
    private readonly Resolution _resolution;
    private readonly InfotextFacts _facts;
    private readonly Dictionary<string, string> _inputs = new(StringComparer.Ordinal);
    private readonly List<(string Key, int Bytes)> _tooLarge = [];

    /// <summary>Collects what all pictures of a request share; hashes files that were not hashed yet.</summary>
    public ManifestMaker(
        GenerationRequest request,
        RequestFiles files,
        DiffusionModel model,
        IReadOnlyList<UnitHints> hints,
        IReadOnlyList<bool> pools,
        string device,
        FileHashes hashes
    )
    {
        _request = Settled(request, model, hints);
        _resolution = new Resolution
        {
            Program = ProgramVersion,
            Libtorch = __version__,
            Device = device,
            Dtype = PlacementPolicy.NameOf(model.Placement),
            Threads = get_num_threads(),
            Model =
                request.Model == GenerationRequest.EmbeddedModel
                    ? new(request.Model, hashes.Sha256Of(files.Model))
                    : Named(Path.GetFileName(files.Model), files.Model),
            Vae = files.Vae is { } vae ? Named(Path.GetFileName(vae), vae) : null,
            Upscaler = files.Upscaler is { } upscaler ? Named(Path.GetFileName(upscaler), upscaler) : null,
            UpscaleControl = files.TileControl is { } tiles ? Named(Path.GetFileName(tiles), tiles) : null,
            Initial = Kept(ManifestPictures.Initial, request.Initial?.Picture.Read()),
            Mask = Kept(ManifestPictures.Mask, request.Initial?.Mask?.Picture.ReadMask()),
            Regions =
            [
                .. request.Regions.Select(
                    (region, i) => Kept(ManifestPictures.KeyOf("region", i), region.Mask.ReadMask())
                ),
            ],
            Units = [.. hints.Select((hint, i) => Unit(i, hint, files.ControlNets[i], files.Encoders[i], pools[i]))],
            Loras = [.. files.Prompt.Loras.Select(file => Named(file.Key, file.Value))],
            Embeddings = [.. files.Prompt.Embeddings.Select(file => Named(file.Key, file.Value))],
        };
        _facts = Facts(files, hashes);

        ResolvedFile Named(string name, string path) => new(name, hashes.Sha256Of(path), Path.GetFullPath(path));
        ResolvedUnit Unit(int i, UnitHints hint, string? controlNet, string? encoder, bool pooled) =>
            new()
            {
                ControlNet = controlNet is null ? null : Named(Path.GetFileName(controlNet), controlNet),
                ImageEncoder = encoder is null ? null : Named(Path.GetFileName(encoder), encoder),
                Annotator = hint.Annotator,
                Pooled = pooled,
                Hint = Kept(ManifestPictures.KeyOf("hint", i), hint.Hint),
                HiresHint = Kept(ManifestPictures.KeyOf("hint", i) + ".hires", hint.HiresHint),
                Mask = Kept(ManifestPictures.KeyOf("mask", i), hint.Mask),
                Inpaint = Kept(ManifestPictures.KeyOf("inpaint", i), hint.Holes),
            };
    }

    /// <summary>Version of this assembly.</summary>
    public static string ProgramVersion => Assembly.GetExecutingAssembly().GetName().Version!.ToString(3);

    /// <summary>
    /// What the texts of a result do not have: pictures that are too large, and what A1111 has no words for.
    /// </summary>
    public IEnumerable<RequestWarning> Warnings =>
        _tooLarge
            .Select(picture => new RequestWarning(
                "",
                null,
                $"the picture '{picture.Key}' takes {picture.Bytes} bytes, more than the {PngTexts.MostTextBytes} of a "
                    + "PNG text; the manifest names its file and SHA-256 instead."
            ))
            .Concat(
                InfotextWriter
                    .Unsaid(_request)
                    .Select(unsaid => new RequestWarning(unsaid.Member, unsaid.Value, unsaid.Problem))
            );

    /// <summary>The pictures of a batch with their manifests.</summary>
    public IEnumerable<GeneratedPicture> Of(GeneratedBatch batch)
    {
        var seed = batch.Request.Seed!.Value;
        return batch.Pictures.Select(
            (picture, index) =>
                new GeneratedPicture(
                    picture,
                    new Manifest
                    {
                        Request = _request with { Seed = seed },
                        Resolved = _resolution with { BatchIndex = index },
                    },
                    _facts with
                    {
                        Seed = seed + index,
                    },
                    _inputs
                )
        );
    }

    /// <summary>The request with what was left open, and with pictures named by file and digest.</summary>
    private static GenerationRequest Settled(
        GenerationRequest request,
        DiffusionModel model,
        IReadOnlyList<UnitHints> hints
    ) =>
        request with
        {
            Prediction = request.Prediction ?? model.Prediction ?? model.Family.Prediction,
            Count = 1,
            Initial = request.Initial is not { } initial
                ? null
                : initial with
                {
                    Picture = initial.Picture.ToReference(),
                    Mask = initial.Mask is not { } mask ? null : mask with { Picture = mask.Picture.ToReference() },
                },
            Regions = [.. request.Regions.Select(region => region with { Mask = region.Mask.ToReference() })],
            Units =
            [
                .. request.Units.Select(
                    (unit, i) =>
                        unit with
                        {
                            Annotator = hints[i].Annotator,
                            Picture = unit.Picture.ToReference(),
                            Mask = unit.Mask?.ToReference(),
                            Holes = unit.Holes?.ToReference(),
                            MorePictures = unit.MorePictures?.Select(picture => picture.ToReference()).ToList(),
                        }
                ),
            ],
        };

    private InfotextFacts Facts(RequestFiles files, FileHashes hashes)
    {
        static string Stem(string path) => Path.GetFileNameWithoutExtension(path);
        return new InfotextFacts
        {
            Size = _request.Size!.Value,
            Seed = _request.Seed!.Value,
            Model = new(Stem(_resolution.Model.Name), _resolution.Model.Sha256),
            Vae = _resolution.Vae is { } vae ? new(vae.Name, vae.Sha256) : null,
            ControlNets =
            [
                .. files.ControlNets.Select(path =>
                    path is null
                        ? new HashedName("None", null)
                        : new HashedName(Stem(path), File.Exists(path) ? hashes.OldOf(path) : null)
                ),
            ],
            Loras = [.. files.Prompt.Loras.Select(file => new HashedName(file.Key, hashes.LoraOf(file.Value)))],
            Embeddings = [.. _resolution.Embeddings.Select(file => new HashedName(file.Name, file.Sha256))],
            Version = "ControlNetSharp " + ProgramVersion,
        };
    }

    private string? Kept(string key, Picture? picture)
    {
        if (picture is null)
        {
            return null;
        }

        var text = Convert.ToBase64String(PictureWriter.EncodePng(picture));
        if (text.Length > PngTexts.MostTextBytes)
        {
            _tooLarge.Add((key, text.Length));
            return null;
        }

        _inputs.Add(key, text);
        return key;
    }
}
