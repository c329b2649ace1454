using ControlNetSharp.Checkpoints;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Text;
using static TorchSharp.torch;

namespace ControlNetSharp.Engine;

/// <summary>A picture of an earlier run with the manifest that it carries.</summary>
public sealed class Replay
{
    private readonly string _file;
    private readonly Dictionary<int, UnitHints> _hints;

    private Replay(string file, Manifest manifest, IReadOnlyDictionary<string, string> texts)
    {
        (_file, _hints) = (file, []);
        foreach (var (index, unit) in manifest.Resolved.Units.Index())
        {
            if (unit.Hint is { } key && Keeps(manifest.Request.Units[index], unit))
            {
                Picture Kept(string other) => ManifestPictures.Read(texts, other, file);
                var hint = Kept(key);
                _hints[index] = new UnitHints(
                    unit.Annotator,
                    hint,
                    hint,
                    unit.HiresHint is { } larger ? Kept(larger) : null,
                    unit.Mask is { } mask ? Kept(mask) : null,
                    unit.Inpaint is { } holes ? Kept(holes) : null
                );
            }
        }

        Manifest = manifest with { Request = WithKept(manifest, key => ManifestPictures.Read(texts, key, file)) };
    }

    private Replay(Replay other, Manifest manifest) =>
        (_file, _hints, Manifest) = (other._file, other._hints, manifest);

    /// <summary>The manifest; pictures that it keeps are in its request.</summary>
    public Manifest Manifest { get; }

    /// <summary>
    /// What may keep the pixels from being the same although all files are; null where nothing is known.
    /// </summary>
    internal string? Warning =>
        Manifest.Resolved.Libtorch == __version__
            ? null
            : $"{_file} was made with libtorch {Manifest.Resolved.Libtorch}, this is {__version__}; pixels can differ.";

    /// <summary>Reads a PNG of this program.</summary>
    /// <exception cref="PictureException">There is no such file, or it is no PNG or damaged.</exception>
    /// <exception cref="RequestException">It carries no manifest, or one with values that are not possible.</exception>
    public static Replay Read(string file)
    {
        var texts = PngTexts.Read(file);
        if (!texts.TryGetValue(Manifest.Key, out var json))
        {
            throw new RequestException(
                "",
                file,
                $"it has no text '{Manifest.Key}': it was not made by this program, or another one saved it anew."
            );
        }

        try
        {
            return new Replay(file, Manifest.Parse(json), texts);
        }
        catch (RequestException e)
        {
            throw new RequestException("", file, $"its manifest cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The same with the model where it is now; it must still be the same model.</summary>
    /// <param name="model">Path, name or hash.</param>
    public Replay WithModel(string model) =>
        new(
            this,
            Manifest with
            {
                Request = Manifest.Request with { Model = model },
                Resolved = Manifest.Resolved with
                {
                    Model = Manifest.Resolved.Model with { Name = model, Path = null },
                },
            }
        );

    /// <summary>
    /// The pictures that go in: those that the manifest keeps, else the files that it names, which must be the same.
    /// </summary>
    internal RequestInputs Inputs(GenerationRequest request) =>
        new([
            .. request.Units.Select(
                (unit, index) =>
                    _hints.TryGetValue(index, out var kept)
                        ? new UnitInput(
                            $"units[{index}]",
                            unit,
                            new(unit.ConditionKind, kept.Hint, null, IsHint: true, Reading: null),
                            kept.Mask,
                            kept.Holes
                        )
                        : UnitInput.Read(unit, $"units[{index}]", request.Initial?.Mask)
            ),
        ]);

    /// <summary>The hints of a unit; null where they are made anew.</summary>
    internal UnitHints? HintsOf(int unit) => _hints.GetValueOrDefault(unit);

    /// <summary>The files that made the picture, where they were or where they are now; each is compared.</summary>
    /// <exception cref="RequestException">One is missing.</exception>
    /// <exception cref="CheckpointException">One is another than that which made the picture.</exception>
    internal RequestFiles Find(ModelFinder finder, GenerationRequest request, CancellationToken cancellationToken)
    {
        var resolved = Manifest.Resolved;
        var model = File("the model", "model", ModelRole.Model, resolved.Model, null);
        string? ControlNet(ResolvedUnit unit, int i) =>
            unit.ControlNet is not { } network
                ? null
                : File(
                    $"the ControlNet of unit {i} ({request.Units[i].Kind})",
                    $"units[{i}].model",
                    ModelRole.ControlNet,
                    network,
                    model
                );
        string? Encoder(ResolvedUnit unit, int i) =>
            unit.ImageEncoder is not { } encoder
                ? null
                : File(
                    $"the image encoder of unit {i} ({request.Units[i].Kind})",
                    $"units[{i}].model",
                    ModelRole.ImageEncoder,
                    encoder,
                    model
                );
        Dictionary<string, string> Named(string what, ModelRole role, IEnumerable<ResolvedFile> files) =>
            files.ToDictionary(
                file => file.Name,
                file => File($"the {what} \"{file.Name}\"", "prompt", role, file, model),
                StringComparer.Ordinal
            );
        return new RequestFiles(
            model,
            resolved.Vae is { } vae ? File("the Autoencoder", "vae", ModelRole.Autoencoder, vae, model) : null,
            [.. resolved.Units.Select(ControlNet)],
            PromptFiles.Of(
                Named("LoRA", ModelRole.Lora, resolved.Loras),
                Named("embedding", ModelRole.Embedding, resolved.Embeddings)
            )
        )
        {
            Kinds = RequestFiles.KindsOf(request),
            TileKind = RequestFiles.TileKindOf(request),
            Upscaler = resolved.Upscaler is { } upscaler
                ? File(
                    "the upscaler",
                    request.Upscale is null ? "hires.upscaler" : "upscale.upscaler",
                    ModelRole.Upscaler,
                    upscaler,
                    model
                )
                : null,
            TileControl = resolved.UpscaleControl is { } tiles
                ? File("the ControlNet of the tiles", "upscale.controlModel", ModelRole.ControlNet, tiles, model)
                : null,
            Encoders = [.. resolved.Units.Select(Encoder)],
        };

        string File(string what, string member, ModelRole role, ResolvedFile file, string? beside)
        {
            var path = Located(finder, member, role, file, beside, cancellationToken);
            var hash = finder.Hashes.Sha256Of(path);
            return hash == file.Sha256
                ? path
                : throw new CheckpointException(
                    path,
                    $"{what} is not the one that made {_file}: its SHA-256 begins with {hash[..10]}, that one's with "
                        + $"{file.Sha256[..Math.Min(10, file.Sha256.Length)]}."
                );
        }
    }

    /// <summary>Where a file was, else under its name, else by its hash.</summary>
    private static string Located(
        ModelFinder finder,
        string member,
        ModelRole role,
        ResolvedFile file,
        string? beside,
        CancellationToken cancellationToken
    )
    {
        if (file.Path is { } path && (File.Exists(path) || Directory.Exists(path)))
        {
            return path;
        }

        try
        {
            return finder.LookFor(role, file.Name, beside, cancellationToken)
                ?? finder.LookForHash(role, file.Sha256, beside, cancellationToken)
                ?? finder.Find(role, file.Name, beside, cancellationToken);
        }
        catch (ModelNotFoundException e)
        {
            throw new RequestException(
                member,
                file.Name,
                $"it made the picture and is not there any more. {e.Message}",
                e
            );
        }
    }

    private static bool Keeps(ControlUnit unit, ResolvedUnit resolved) =>
        (unit.Mask is null || resolved.Mask is not null) && (unit.Holes is null || resolved.Inpaint is not null);

    private static GenerationRequest WithKept(Manifest manifest, Func<string, Picture> kept)
    {
        var (request, resolved) = (manifest.Request, manifest.Resolved);
        return request with
        {
            Initial = request.Initial is { } initial ? WithKept(initial, resolved, kept) : null,
            Regions =
            [
                .. request.Regions.Zip(
                    resolved.Regions,
                    (region, key) => key is null ? region : region with { Mask = region.Mask.WithPixels(kept(key)) }
                ),
            ],
        };
    }

    /// <summary>
    /// Both or none: a picture at the size of the result and a mask at another would be cut at different places.
    /// </summary>
    private static InitialPicture WithKept(InitialPicture initial, Resolution resolved, Func<string, Picture> kept) =>
        resolved.Initial is not { } key || (initial.Mask is not null && resolved.Mask is null)
            ? initial
            : initial with
            {
                Picture = initial.Picture.WithPixels(kept(key)),
                Mask = initial.Mask is not { } mask
                    ? null
                    : mask with
                    {
                        Picture = mask.Picture.WithPixels(kept(resolved.Mask!)),
                    },
            };
}
