using System.Globalization;
using System.Text.RegularExpressions;

namespace ControlNetSharp.Checkpoints.KeyMaps;

/// <summary>
/// The names of TAESD. The original has a file for each half, whose layers are numbered: <c>3.conv.0.weight</c>;
/// diffusers has both in one, <c>decoder.layers.2.conv.0.weight</c>, where the decoder's first layer, which has no
/// weights, is not counted. Here it is <c>decoder.3.conv.0.weight</c>. Source: madebyollin/taesd, taesd.py; the names
/// in diffusers vae.py, EncoderTiny and DecoderTiny.
/// </summary>
internal static partial class TinyAutoencoderKeys
{
    /// <summary>A name that both halves have in the original's files.</summary>
    public const string Half = "3.conv.0.weight";

    /// <summary>A name of the decoder in diffusers' files.</summary>
    public const string DiffusersDecoder = "decoder.layers.2.conv.0.weight";

    /// <summary>A name of the encoder in diffusers' files.</summary>
    public const string DiffusersEncoder = "encoder.layers.1.conv.0.weight";

    /// <summary>The first convolution of the decoder, as it is named here.</summary>
    public const string FirstOfDecoder = "decoder.1.weight";

    /// <summary>The first convolution of the encoder, as it is named here.</summary>
    public const string FirstOfEncoder = "encoder.0.weight";

    private const string Decoder = "decoder";
    private const string Encoder = "encoder";

    /// <summary>The tensors of TAESD, <see cref="LdmLayout.Autoencoder"/> before their names.</summary>
    public static Dictionary<string, StoredTensor> Of(IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        // Of the halves only the encoder begins with a convolution.
        var half = tensors.ContainsKey("0.weight") ? Encoder : Decoder;
        Func<string, string> rename = tensors.ContainsKey(Half) ? name => $"{half}.{name}" : OfDiffusers;
        return tensors.ToDictionary(
            tensor => LdmLayout.Autoencoder + rename(tensor.Key),
            tensor => tensor.Value,
            StringComparer.Ordinal
        );
    }

    /// <summary>Whether an Autoencoder is TAESD.</summary>
    /// <param name="names">Its names, without the network's prefix.</param>
    public static bool IsTiny(IReadOnlyCollection<string> names) =>
        names.Contains(FirstOfDecoder) || names.Contains(FirstOfEncoder);

    /// <summary>
    /// The file with the other half, by its name in the same folder; null where there is none, or both are in one.
    /// </summary>
    /// <param name="path">A file of one half.</param>
    /// <param name="names">Its names, without the network's prefix.</param>
    public static string? OtherHalf(string path, IReadOnlyCollection<string> names)
    {
        var (own, other) = names.Contains(FirstOfDecoder) ? (Decoder, Encoder) : (Encoder, Decoder);
        var file = Path.GetFileName(path);
        var at = file.LastIndexOf(own, StringComparison.OrdinalIgnoreCase);
        if (at < 0 || (names.Contains(FirstOfDecoder) && names.Contains(FirstOfEncoder)))
        {
            return null;
        }

        var beside = Path.Combine(Path.GetDirectoryName(path) ?? "", file[..at] + other + file[(at + own.Length)..]);
        return File.Exists(beside) ? beside : null;
    }

    private static string OfDiffusers(string name) =>
        Layer().Match(name) is { Success: true } layer
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{layer.Groups["half"]}.{NumberOf(layer)}.{name[layer.Length..]}"
            )
            : name;

    private static int NumberOf(Match layer) =>
        int.Parse(layer.Groups["number"].ValueSpan, CultureInfo.InvariantCulture)
        + (layer.Groups["half"].ValueSpan.SequenceEqual(Decoder) ? 1 : 0);

    [GeneratedRegex(@"^(?<half>encoder|decoder)\.layers\.(?<number>\d{1,3})\.", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Layer();
}
