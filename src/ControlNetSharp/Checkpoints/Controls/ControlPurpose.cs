using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Controls;

namespace ControlNetSharp.Checkpoints.Controls;

/// <summary>For which models a network that controls was made, in words.</summary>
internal static class ControlPurpose
{
    /// <summary>That of a loaded network.</summary>
    public static string Of(ControlNetwork network) =>
        network switch
        {
            ControlNet net => Of(net.Params.UNet),
            ControlNetUnion union => Of(union.Params.ControlNet.UNet),
            T2IAdapter adapter => Of(adapter.Params),
            IpAdapter adapter => Of(adapter.Params),
            Lllite lllite => Of(lllite.Params),
            _ => network.GetType().Name,
        };

    /// <summary>That of a UNet or its copy.</summary>
    public static string Of(UNetParams p) =>
        $"{ModelFamily.Of(p).FullName} (context {p.ContextChannels}, {p.ModelChannels} channels)";

    /// <summary>That of a T2I-Adapter, which knows nothing of texts.</summary>
    public static string Of(T2IAdapterParams p) => $"{FamilyOf(p)} ({string.Join(", ", p.Channels)} channels)";

    /// <summary>That of an IP-Adapter.</summary>
    public static string Of(IpAdapterParams p) =>
        $"{FamilyOf(p)} (context {p.ContextChannels}, {p.Channels.Count} attentions to it)";

    /// <summary>The family of an IP-Adapter, which has attentions for each of a UNet's.</summary>
    public static string FamilyOf(IpAdapterParams p) => ModelFamily.OfContext(p.ContextChannels).Name;

    /// <summary>That of a ControlNet-LLLite, which was made for one family and knows its levels only.</summary>
    public static string Of(LlliteParams p) =>
        $"{ModelFamily.OfLllites.FullName} "
        + $"({string.Join(", ", p.Modules.Select(module => module.Channels).Distinct())} channels)";

    /// <summary>The family of a T2I-Adapter.</summary>
    public static string FamilyOf(T2IAdapterParams p) => ModelFamily.OfAdapter(side => side == p.Unshuffle).Name;
}
