using ControlNetSharp.Checkpoints.KeyMaps;
using ControlNetSharp.Text;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ControlNetSharp.Checkpoints.Loras;

/// <summary>A weight of a model that a LoRA can add to.</summary>
/// <param name="Key">Its name in the checkpoint, as LDM has it.</param>
/// <param name="Weight">The weight itself, in the network. Borrowed.</param>
/// <param name="IsText">Whether it belongs to a text encoder.</param>
/// <param name="Third">Which third of its rows, where it stacks queries, keys and values; null for all of them.</param>
internal sealed record LoraTarget(string Key, Parameter Weight, bool IsText, int? Third = null)
{
    /// <summary>What PEFT puts before the names of the one network that it stores.</summary>
    private const string Peft = "base_model.model.";

    /// <summary>
    /// All weights of a model that a LoRA can add to, by every name that LoRA files have for them. Kohya writes a
    /// module's path with underscores in the place of dots, which cannot be split again,
    /// so the names are made from those of the model.
    /// </summary>
    /// <param name="unet">The UNet.</param>
    /// <param name="texts">The text encoders with their places in the checkpoint.</param>
    public static Dictionary<string, LoraTarget> Of(
        nn.Module unet,
        IReadOnlyList<(ITextEncoder Encoder, TextPlace Place)> texts
    )
    {
        var targets = new Dictionary<string, LoraTarget>(StringComparer.Ordinal);
        var weights = Weights(unet);
        var map = UNetKeys.OfLdm([.. unet.named_parameters().Select(parameter => parameter.name)]);
        foreach (var (name, weight) in weights)
        {
            var target = new LoraTarget(LdmLayout.UNet + name, weight, IsText: false);
            var (ldm, diffusers) = (ModuleOf(name), map.ToDiffusers(name) is { } other ? ModuleOf(other) : null);
            Add(targets, target, "lora_unet_" + Underscored(ldm), "diffusion_model." + ldm);
            if (diffusers is not null)
            {
                Add(targets, target, "lora_unet_" + Underscored(diffusers), "lycoris_" + Underscored(diffusers));
                Add(targets, target, "unet." + diffusers, diffusers, Peft + diffusers);
            }
        }

        foreach (var (index, (encoder, place)) in texts.Index())
        {
            foreach (var (module, target) in OfText(encoder, place.Prefix))
            {
                Add(
                    targets,
                    target,
                    $"lora_te{index + 1}_{Underscored(module)}",
                    $"{DiffusersFolder.Numbered("text_encoder", index)}.{module}"
                );
                Add(targets, target, $"text_encoders.{place.Name}.transformer.{module}");
                if (index == 0)
                {
                    Add(targets, target, Peft + module);
                }

                if (texts.Count == 1)
                {
                    Add(targets, target, "lora_te_" + Underscored(module));
                }
            }
        }

        return targets;
    }

    /// <summary>
    /// The rows that are added to, [outputs, inputs, …]: a view of a tensor of the shape of <see cref="Weight"/>.
    /// </summary>
    public Tensor RowsOf(Tensor whole) =>
        Third is { } third ? whole.narrow(0, third * (whole.shape[0] / 3), whole.shape[0] / 3) : whole;

    /// <summary>Their shape.</summary>
    public long[] Shape => Third is null ? Weight.shape : [Weight.shape[0] / 3, .. Weight.shape[1..]];

    private static IEnumerable<(string Module, LoraTarget Target)> OfText(ITextEncoder encoder, string prefix)
    {
        var weights = Weights((nn.Module)encoder);
        return encoder is OpenClipTextEncoder
            ? Enumerable
                .Range(0, encoder.Params.Layers)
                .SelectMany(OpenClipKeys.LinearLayers)
                .Select(layer =>
                    (
                        layer.Module,
                        new LoraTarget(prefix + layer.Weight, weights[layer.Weight], IsText: true, layer.Third)
                    )
                )
            : weights.Select(weight =>
                (ModuleOf(weight.Key), new LoraTarget(prefix + weight.Key, weight.Value, IsText: true))
            );
    }

    private static Dictionary<string, Parameter> Weights(nn.Module network) =>
        network
            .named_parameters()
            .Where(parameter => parameter.parameter.dim() >= 1)
            .ToDictionary(parameter => parameter.name, parameter => parameter.parameter, StringComparer.Ordinal);

    private static string ModuleOf(string weight) =>
        weight.EndsWith(".weight", StringComparison.Ordinal) ? weight[..^".weight".Length] : weight;

    /// <summary>With underscores for dots; that of a bias keeps its ending.</summary>
    private static string Underscored(string module) =>
        module.EndsWith(LoraNames.Bias, StringComparison.Ordinal)
            ? module[..^LoraNames.Bias.Length].Replace('.', '_') + LoraNames.Bias
            : module.Replace('.', '_');

    private static void Add(
        Dictionary<string, LoraTarget> targets,
        LoraTarget target,
        params ReadOnlySpan<string> names
    )
    {
        foreach (var name in names)
        {
            targets.TryAdd(name, target);
        }
    }
}
