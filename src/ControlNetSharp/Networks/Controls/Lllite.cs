using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Networks.Controls;

/// <summary>
/// ControlNet-LLLite: beside projections of a UNet's attention a small module each, which adds to what goes in. Names
/// are those of its files. Source: kohya-ss/sd-scripts, networks/control_net_lllite.py.
/// </summary>
internal sealed class Lllite : ControlNetwork
{
    /// <summary>What the hints' picture has at 0..1 is -1..1 here.</summary>
    private const double HintScale = 2;
    private readonly Dictionary<LlliteSite, LlliteModule> _modules;

    /// <summary>Creates the network; its weights are uninitialised until loaded or set.</summary>
    public Lllite(LlliteParams p, Placement placement)
        : base(nameof(Lllite))
    {
        ArgumentNullException.ThrowIfNull(p);
        Params = p;
        _modules = p.Modules.ToDictionary(module => module.Site, module => new LlliteModule(module, placement));
        foreach (var (site, module) in _modules)
        {
            register_module(site.Name, module);
        }
    }

    /// <summary>The network's shape.</summary>
    public LlliteParams Params { get; }

    /// <summary>One for each stage of the UNet that it acts in.</summary>
    public override int ResidualCount => Params.Stages.Count;

    /// <inheritdoc/>
    public override bool Fits(UNetParams model) => Params.Fits(model);

    /// <summary>What all modules see of a hint, once for all steps.</summary>
    /// <param name="hint">[B, 3, 8h, 8w], RGB in 0..1.</param>
    /// <returns>For each module [B, tokens, EmbeddingChannels], in the hint's dtype.</returns>
    public IReadOnlyDictionary<LlliteSite, Tensor> Embed(Tensor hint)
    {
        using var scope = NewDisposeScope();
        var seen = hint.Times(HintScale).Minus(1);
        return _modules.ToDictionary(
            module => module.Key,
            module => module.Value.Embed(seen).MoveToOuterDisposeScope()
        );
    }

    /// <summary>What a module adds to the input of its projection.</summary>
    /// <param name="site">The module.</param>
    /// <param name="input">[B, tokens, channels]. Borrowed.</param>
    /// <param name="embedded">[1 or B, tokens, EmbeddingChannels], from <see cref="Embed"/>. Borrowed.</param>
    /// <returns>As the input; fresh.</returns>
    public Tensor Added(LlliteSite site, Tensor input, Tensor embedded) => _modules[site].call(input, embedded);
}
