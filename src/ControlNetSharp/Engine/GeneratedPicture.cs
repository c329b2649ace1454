using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Engine;

/// <summary>A picture with the manifest that makes it again.</summary>
public sealed class GeneratedPicture
{
    private readonly InfotextFacts _facts;
    private readonly IReadOnlyDictionary<string, string> _inputs;

    internal GeneratedPicture(
        Picture picture,
        Manifest manifest,
        InfotextFacts facts,
        IReadOnlyDictionary<string, string> inputs
    ) => (Picture, Manifest, _facts, _inputs) = (picture, manifest, facts, inputs);

    /// <summary>The pixels.</summary>
    public Picture Picture { get; }

    /// <summary>What it was made of.</summary>
    public Manifest Manifest { get; }

    /// <summary>Its seed: made alone with this one it is the same.</summary>
    public long Seed => Manifest.Request.Seed!.Value + Manifest.Resolved.BatchIndex;

    /// <summary>Writes a PNG with the manifest, to a temporary name first.</summary>
    /// <param name="path">The file; one that is there already is replaced.</param>
    /// <param name="inputs">What the manifest keeps of the pictures that went in.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save(string path, ManifestInputs inputs = ManifestInputs.Embed) =>
        PictureWriter.WritePng(path, Picture, Texts(inputs));

    /// <summary>The same as bytes.</summary>
    public byte[] ToPng(ManifestInputs inputs = ManifestInputs.Embed) =>
        PictureWriter.EncodePng(Picture, Texts(inputs));

    /// <summary>
    /// The texts of its PNG: stable-diffusion-webui's <c>parameters</c>, the manifest, and the pictures that went in.
    /// </summary>
    internal IReadOnlyDictionary<string, string> Texts(ManifestInputs inputs)
    {
        var kept = inputs == ManifestInputs.Embed ? _inputs : new Dictionary<string, string>();
        var manifest = ManifestPictures.Only(Manifest, [.. kept.Keys]);
        var texts = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [PictureTexts.ParametersKey] = Infotext.Of(manifest.Request, _facts).ToString(),
            [Manifest.Key] = manifest.ToJson(),
        };
        foreach (var (key, text) in kept)
        {
            texts[key] = text;
        }

        return texts;
    }
}

/// <summary>What a manifest keeps of the pictures that went in.</summary>
public enum ManifestInputs
{
    /// <summary>Their pixels, as far as they fit into a PNG text.</summary>
    Embed,

    /// <summary>Paths and digests: the files must still be there to make the picture again.</summary>
    Link,
}
