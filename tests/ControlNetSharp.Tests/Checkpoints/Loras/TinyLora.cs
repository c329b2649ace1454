using ControlNetSharp.Checkpoints;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Checkpoints.Loras;

/// <summary>LoRA files for the tiny model: some modules of every kind, drawn from a seed, written in each naming.</summary>
internal static class TinyLora
{
    public const double Alpha = 3;
    public const int Rank = 2;

    /// <summary>Modules of the UNet: diffusers' name, LDM's weight, its shape.</summary>
    public static IReadOnlyList<(string Module, string Weight, long[] Shape)> UNet { get; } =
    [
        ("down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k", "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", [32, TinyModel.Width]),
        ("down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0", "input_blocks.1.1.transformer_blocks.0.attn1.to_out.0.weight", [32, 32]),
        ("down_blocks.0.attentions.0.proj_in", "input_blocks.1.1.proj_in.weight", [32, 32, 1, 1]),
        ("down_blocks.0.resnets.0.conv1", "input_blocks.1.0.in_layers.2.weight", [32, 32, 3, 3]),
        ("down_blocks.0.downsamplers.0.conv", "input_blocks.2.0.op.weight", [32, 32, 3, 3]),
    ];

    /// <summary>Modules of the text encoder, likewise.</summary>
    public static IReadOnlyList<(string Module, string Weight, long[] Shape)> Text { get; } =
    [
        ("text_model.encoder.layers.0.self_attn.v_proj", "text_model.encoder.layers.0.self_attn.v_proj.weight", [TinyModel.Width, TinyModel.Width]),
        ("text_model.encoder.layers.0.mlp.fc1", "text_model.encoder.layers.0.mlp.fc1.weight", [4 * TinyModel.Width, TinyModel.Width]),
    ];

    /// <summary>The parts of a module, the same for the same weight in every naming.</summary>
    public static (Tensor Down, Tensor Up) Parts(string module, long[] shape, int seed)
    {
        using var generator = new Generator(unchecked((ulong)(seed + module.Sum(c => c * 31L))), CPU);
        return (randn([Rank, .. shape[1..]], generator: generator) * 0.3f, randn([shape[0], Rank, .. shape[2..].Select(_ => 1L)], generator: generator) * 0.3f);
    }

    /// <summary>alpha / rank · up · down, by hand.</summary>
    public static Tensor Delta(string module, long[] shape, int seed)
    {
        var (down, up) = Parts(module, shape, seed);
        return Alpha / Rank * up.reshape(shape[0], Rank).matmul(down.reshape(Rank, -1)).reshape(shape);
    }

    /// <summary>Writes a file.</summary>
    /// <param name="path">Where.</param>
    /// <param name="naming">kohya, kohya-ldm, lycoris, peft, peft-named, comfyui, linear-layer or processor (which has attention alone).</param>
    /// <param name="seed">Another seed gives another LoRA.</param>
    /// <param name="change">Changes the tensors before they are written.</param>
    public static string Write(string path, string naming, int seed = 1, Action<Dictionary<string, Tensor>>? change = null)
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>();
        Dictionary<string, string>? metadata = null;
        foreach (var (module, weight, shape, isText) in UNet.Select(m => (m.Module, m.Weight, m.Shape, false)).Concat(Text.Select(m => (m.Module, m.Weight, m.Shape, true))))
        {
            var (down, up) = Parts(module, shape, seed);
            switch (naming)
            {
                case "kohya" or "kohya-ldm" or "lycoris" or "comfyui":
                    var ldm = weight[..^".weight".Length];
                    var named = naming != "kohya-ldm" || isText ? module : ldm;
                    var prefix = naming == "comfyui" ? isText ? $"text_encoders.clip_l.transformer.{module}" : $"diffusion_model.{ldm}"
                        : $"{(isText ? "lora_te" : naming == "lycoris" ? "lycoris" : "lora_unet")}_{named.Replace('.', '_')}";
                    tensors.Add(prefix + ".lora_down.weight", down);
                    tensors.Add(prefix + ".lora_up.weight", up);
                    tensors.Add(prefix + ".alpha", tensor((float)Alpha));
                    break;
                case "peft":
                    metadata = new() { ["lora_adapter_metadata"] = $$$"""{"unet.lora_alpha": 5, "unet.r": 2, "unet.alpha_pattern": {"attn2.to_k": {{{Alpha}}}, "to_out.0": {{{Alpha}}}, "proj_in": {{{Alpha}}}, "conv1": {{{Alpha}}}, "conv": {{{Alpha}}}}, "text_encoder.lora_alpha": {{{Alpha}}}}""" };
                    tensors.Add($"{(isText ? "text_encoder" : "unet")}.{module}.lora_A.weight", down);
                    tensors.Add($"{(isText ? "text_encoder" : "unet")}.{module}.lora_B.weight", up);
                    break;
                case "peft-named":
                    var whole = (isText ? "base_model.model." : "unet.") + module;
                    tensors.Add($"{whole}.lora_A.my_style.weight", down);
                    tensors.Add($"{whole}.lora_B.my_style.weight", up);
                    tensors.Add($"{whole}.alpha", tensor((float)Alpha));
                    break;
                case "linear-layer":
                    // Without a place for alpha: the factor is in the weights.
                    tensors.Add($"{(isText ? "text_encoder" : "unet")}.{module}.{(isText ? "lora_linear_layer" : "lora")}.down.weight", down);
                    tensors.Add($"{(isText ? "text_encoder" : "unet")}.{module}.{(isText ? "lora_linear_layer" : "lora")}.up.weight", up * (Alpha / Rank));
                    break;
                default:
                    if (module.Contains(".self_attn.", StringComparison.Ordinal))
                    {
                        var projection = $"text_encoder.{module.Replace(".v_proj", ".to_v_lora", StringComparison.Ordinal)}";
                        tensors.Add(projection + ".down.weight", down);
                        tensors.Add(projection + ".up.weight", up * (Alpha / Rank));
                    }
                    else if (module.Contains(".to_", StringComparison.Ordinal))
                    {
                        var dot = module.IndexOf(".to_", StringComparison.Ordinal);
                        tensors.Add($"unet.{module[..dot]}.processor.{module[(dot + 1)..].Replace(".0", "")}_lora.down.weight", down);
                        tensors.Add($"unet.{module[..dot]}.processor.{module[(dot + 1)..].Replace(".0", "")}_lora.up.weight", up * (Alpha / Rank));
                    }

                    break;
            }
        }

        change?.Invoke(tensors);
        SafetensorsWriter.Write(path, tensors, metadata);
        return path;
    }
}
