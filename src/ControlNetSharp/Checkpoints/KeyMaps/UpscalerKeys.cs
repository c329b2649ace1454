using System.Globalization;
using System.Text.RegularExpressions;

namespace ControlNetSharp.Checkpoints.KeyMaps;

/// <summary>
/// The names of upscalers. Those of Real-ESRGAN count here; ESRGAN's own are <c>RRDB_trunk.N.RDBM.convK</c>, and before
/// that layers were counted through: <c>model.1.sub.N.RDBM.convK.0</c>. Source: the golden key manifests.
/// </summary>
internal static partial class UpscalerKeys
{
    /// <summary>Layers of a doubling in the oldest names: enlargement, convolution, activation.</summary>
    private const int EntriesOfDoubling = 3;

    /// <summary>The tensors of an upscaler, <see cref="LdmLayout.Upscaler"/> before their names.</summary>
    public static Dictionary<string, StoredTensor> Of(IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        var numbers = tensors.Keys.Select(NumberOf).OfType<int>().ToList();
        Func<string, string> rename = numbers.Count > 0 ? name => OfNumbered(name, numbers.Max()) : OfTrunk;
        return tensors.ToDictionary(
            tensor => LdmLayout.Upscaler + rename(tensor.Key),
            tensor => tensor.Value,
            StringComparer.Ordinal
        );
    }

    /// <summary>Real-ESRGAN's name of one of ESRGAN; a name that is none of them stays.</summary>
    internal static string OfTrunk(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        return Trunk().Match(name) is { Success: true } part
            ? $"body.{part.Groups["block"]}.rdb{part.Groups["dense"]}.{name[part.Length..]}"
            : (dot < 0 ? name : name[..dot]) switch
            {
                "trunk_conv" => "conv_body" + name[dot..],
                "HRconv" => "conv_hr" + name[dot..],
                var up when up.StartsWith("upconv", StringComparison.Ordinal) => "conv_up" + name["upconv".Length..],
                _ => name,
            };
    }

    /// <summary>Real-ESRGAN's name of one of the oldest; a name that is none of them stays.</summary>
    /// <param name="name">The name.</param>
    /// <param name="last">The number of the last layer.</param>
    internal static string OfNumbered(string name, int last)
    {
        if (Numbered().Match(name) is { Success: true } part)
        {
            return $"body.{part.Groups["block"]}.rdb{part.Groups["dense"]}.conv{part.Groups["convolution"]}."
                + name[part.Length..];
        }

        // The convolution behind the blocks has a number among them, whichever is the last.
        if (AfterBlocks().Match(name) is { Success: true } after)
        {
            return "conv_body." + name[after.Length..];
        }

        if (NumberOf(name) is not { } number)
        {
            return name;
        }

        var rest = name[name.LastIndexOf('.')..];
        var (doubling, place) = Math.DivRem(number, EntriesOfDoubling);
        return number == 0 ? "conv_first" + rest
            : number == last ? "conv_last" + rest
            : number == last - 2 ? "conv_hr" + rest
            : place == 0 ? string.Create(CultureInfo.InvariantCulture, $"conv_up{doubling}{rest}")
            : name;
    }

    private static int? NumberOf(string name) =>
        Layer().Match(name) is { Success: true } layer
            ? int.Parse(layer.Groups["number"].ValueSpan, CultureInfo.InvariantCulture)
            : null;

    [GeneratedRegex(@"^RRDB_trunk\.(?<block>\d{1,3})\.RDB(?<dense>\d)\.", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Trunk();

    [GeneratedRegex(
        @"^model\.1\.sub\.(?<block>\d{1,3})\.RDB(?<dense>\d)\.conv(?<convolution>\d)\.0\.",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Numbered();

    [GeneratedRegex(@"^model\.1\.sub\.\d{1,3}\.(?=weight$|bias$)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex AfterBlocks();

    [GeneratedRegex(@"^model\.(?<number>\d{1,3})\.(weight|bias)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Layer();
}
