using ControlNetSharp.Annotators;
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;
using ControlNetSharp.Server.Jobs;

namespace ControlNetSharp.Server.V1;

/// <summary>
/// The pictures of a manifest: those that went in where the store still has them, else what the manifest keeps of them,
/// else a loss.
/// </summary>
internal sealed class KeptPictures(BlobStore blobs, IReadOnlyDictionary<string, string> texts)
{
    private readonly List<InfotextLoss> _losses = [];

    /// <summary>What could not be restored.</summary>
    public IReadOnlyList<InfotextLoss> Losses => _losses;

    /// <summary>The request of a manifest with pictures that are uploads of the store.</summary>
    public async Task<GenerationRequest> RestoreAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        var (request, resolved) = (manifest.Request, manifest.Resolved);
        var units = new List<ControlUnit>();
        foreach (var (index, unit) in request.Units.Index())
        {
            if (
                await OfAsync(unit, resolved.Units[index], $"units[{index}]", cancellationToken)
                    .ConfigureAwait(false) is
                { } restored
            )
            {
                units.Add(restored);
            }
        }

        var regions = new List<PromptRegion>();
        foreach (var (index, region) in request.Regions.Index())
        {
            var path = $"regions[{index}].mask";
            if (
                await OfAsync(region.Mask, resolved.Regions[index], path, cancellationToken).ConfigureAwait(false) is
                { } mask
            )
            {
                regions.Add(region with { Mask = mask });
            }
        }

        return request with
        {
            Regions = regions,
            Units = units,
            Initial = request.Initial is { } initial
                ? await OfAsync(initial, resolved, cancellationToken).ConfigureAwait(false)
                : null,
        };
    }

    private async Task<ControlUnit?> OfAsync(
        ControlUnit unit,
        ResolvedUnit resolved,
        string path,
        CancellationToken cancellationToken
    )
    {
        var mask = unit.Mask is { } m
            ? await OfAsync(m, resolved.Mask, path + ".mask", cancellationToken).ConfigureAwait(false)
            : null;
        var holes = unit.Holes is { } h
            ? await OfAsync(h, resolved.Inpaint, path + ".inpaint", cancellationToken).ConfigureAwait(false)
            : null;
        if (unit.IsForIpAdapter)
        {
            return await OfPicturesAsync(unit with { Mask = mask }, resolved, path, cancellationToken)
                .ConfigureAwait(false);
        }

        if (await StoredAsync(unit.Picture, cancellationToken).ConfigureAwait(false) is { } picture)
        {
            return unit with { Picture = picture, Mask = mask, Holes = holes };
        }

        if (await KeptAsync(resolved.Hint, cancellationToken).ConfigureAwait(false) is not { } hint)
        {
            Lose(path + ".picture", unit.Picture, "is neither in the file nor on the server; the unit is left out.");
            return null;
        }

        if (resolved.Annotator != ControlUnit.NoAnnotator)
        {
            Lose(
                path + ".picture",
                unit.Picture,
                $"is not on the server; the hint that {resolved.Annotator} made of it stands in its place."
            );
        }

        return unit with
        {
            Picture = hint,
            Annotator = ControlUnit.NoAnnotator,
            Options = new Dictionary<string, double>(),
            Resolution = null,
            Mask = mask,
            Holes = holes,
        };
    }

    /// <summary>
    /// An IP-Adapter's pictures where the store has them all, else what its image encoder saw of them.
    /// </summary>
    private async Task<ControlUnit?> OfPicturesAsync(
        ControlUnit unit,
        ResolvedUnit resolved,
        string path,
        CancellationToken cancellationToken
    )
    {
        var stored = new List<PictureSource?>();
        foreach (var picture in (unit.MorePictures ?? []).Prepend(unit.Picture))
        {
            stored.Add(await StoredAsync(picture, cancellationToken).ConfigureAwait(false));
        }

        if (stored.Contains(null))
        {
            if (resolved.Hint is not { } key || !texts.ContainsKey(key))
            {
                Lose(
                    path + ".picture",
                    unit.Picture,
                    "is neither in the file nor on the server; the unit is left out."
                );
                return null;
            }

            stored.Clear();
            foreach (var square in ImageEncoderInput.Apart(ManifestPictures.Read(texts, key, "picture")))
            {
                stored.Add(await PutAsync(square, cancellationToken).ConfigureAwait(false));
            }
        }

        return unit with
        {
            Picture = stored[0]!,
            MorePictures = stored.Count == 1 ? null : [.. stored.Skip(1).OfType<PictureSource>()],
        };
    }

    private async Task<InitialPicture?> OfAsync(
        InitialPicture initial,
        Resolution resolved,
        CancellationToken cancellationToken
    )
    {
        const string path = "initial";
        if (
            await OfAsync(initial.Picture, resolved.Initial, path + ".picture", cancellationToken).ConfigureAwait(false)
            is not { } picture
        )
        {
            return null;
        }

        if (initial.Mask is not { } mask)
        {
            return initial with { Picture = picture };
        }

        var painted = await OfAsync(mask.Picture, resolved.Mask, path + ".mask.picture", cancellationToken)
            .ConfigureAwait(false);
        return initial with { Picture = picture, Mask = painted is null ? null : mask with { Picture = painted } };
    }

    /// <summary>The picture that went in, else the kept one; null, and a loss, where there is neither.</summary>
    private async Task<PictureSource?> OfAsync(
        PictureSource picture,
        string? key,
        string member,
        CancellationToken cancellationToken
    )
    {
        var found =
            await StoredAsync(picture, cancellationToken).ConfigureAwait(false)
            ?? await KeptAsync(key, cancellationToken).ConfigureAwait(false);
        if (found is null)
        {
            Lose(member, picture, "is neither in the file nor on the server.");
        }

        return found;
    }

    private async Task<PictureSource?> StoredAsync(PictureSource picture, CancellationToken cancellationToken) =>
        picture.Sha256 is { } sha256 && await blobs.HasAsync(sha256, cancellationToken).ConfigureAwait(false)
            ? PictureSource.Known(sha256).WithFrame(picture.Frame)
            : null;

    private async Task<PictureSource?> KeptAsync(string? key, CancellationToken cancellationToken)
    {
        if (key is null || !texts.ContainsKey(key))
        {
            return null;
        }

        return await PutAsync(ManifestPictures.Read(texts, key, "picture"), cancellationToken).ConfigureAwait(false);
    }

    private async Task<PictureSource> PutAsync(Picture picture, CancellationToken cancellationToken)
    {
        var png = PictureWriter.EncodePng(picture);
        return PictureSource.Known(await blobs.PutAsync(png, "image/png", cancellationToken).ConfigureAwait(false));
    }

    private void Lose(string member, PictureSource picture, string reason) =>
        _losses.Add(new InfotextLoss(member, picture.Path ?? picture.Sha256 ?? "", reason));
}
