using System.Globalization;
using System.Text.RegularExpressions;

namespace ControlNetSharp.Checkpoints.KeyMaps;

/// <summary>
/// The names of T2I-Adapters. Those of diffusers count here; the original counts the blocks of full adapters through
/// (two to a stage), and calls those of light ones <c>body</c>. Source: the golden key manifests.
/// </summary>
internal static partial class T2IAdapterKeys
{
    private const string Diffusers = "adapter.";
    private const int BlocksOfFull = 2;

    /// <summary>The tensors of an adapter, <see cref="LdmLayout.Adapter"/> before their names.</summary>
    public static Dictionary<string, StoredTensor> Of(IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        Func<string, string> rename =
            tensors.Keys.All(name => name.StartsWith(Diffusers, StringComparison.Ordinal))
                ? name => name[Diffusers.Length..]
            : tensors.Keys.Any(LightBlock().IsMatch) ? OfLight
            : OfFull;
        return tensors.ToDictionary(
            tensor => LdmLayout.Adapter + rename(tensor.Key),
            tensor => tensor.Value,
            StringComparer.Ordinal
        );
    }

    /// <summary>The name in diffusers of one of a light adapter; a name that is none of them stays.</summary>
    internal static string OfLight(string name) => LightBlock().Replace(name, "body.${stage}.resnets.${block}.");

    /// <summary>The name in diffusers of one of a full adapter; a name that is none of them stays.</summary>
    internal static string OfFull(string name)
    {
        if (FullPart().Match(name) is not { Success: true } part)
        {
            return name;
        }

        var number = int.Parse(part.Groups["block"].ValueSpan, CultureInfo.InvariantCulture);
        var (stage, block) = Math.DivRem(number, BlocksOfFull);
        var rest = name[part.Length..];
        return part.Groups["part"].Value != "in_conv" ? $"body.{stage}.resnets.{block}.{part.Groups["part"]}{rest}"
            : block == 0 ? $"body.{stage}.in_conv{rest}"
            : name;
    }

    [GeneratedRegex(@"^body\.(?<stage>\d{1,3})\.body\.(?<block>\d{1,3})\.", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LightBlock();

    [GeneratedRegex(@"^body\.(?<block>\d{1,3})\.(?<part>in_conv|block1|block2)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FullPart();
}
