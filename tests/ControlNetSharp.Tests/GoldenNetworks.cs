using System.Text.Json;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using Xunit;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests;

/// <summary>Networks in the shape that a golden's configuration gives, filled strictly with its weights.</summary>
internal static class GoldenNetworks
{
    public static UNetParams UNetParams(JsonElement config)
    {
        var multipliers = config.GetProperty("channel_mult").EnumerateArray().Select(m => m.GetInt32()).ToArray();
        var attention = config.GetProperty("attention_resolutions").EnumerateArray().Select(r => r.GetInt32()).ToArray();
        var channels = config.GetProperty("model_channels").GetInt32();
        var depth = config.TryGetProperty("transformer_depth", out var d) ? d.GetInt32() : 1;
        return new UNetParams
        {
            InChannels = config.GetProperty("in_channels").GetInt32(),
            OutChannels = config.GetProperty("out_channels").GetInt32(),
            ModelChannels = channels,
            Levels = [.. multipliers.Select((m, level) => new UNetLevel(channels * m, config.GetProperty("num_res_blocks").GetInt32(), attention.Contains(1 << level) ? depth : 0))],
            MiddleDepth = depth,
            ContextChannels = config.GetProperty("context_dim").GetInt32(),
            Heads = config.TryGetProperty("num_head_channels", out var width) && width.GetInt32() > 0
                ? HeadRule.OfWidth(width.GetInt32()) : HeadRule.OfCount(config.GetProperty("num_heads").GetInt32()),
            LinearProjections = config.TryGetProperty("use_linear_in_transformer", out var linear) && linear.GetBoolean(),
        };
    }

    public static ControlNetParams ControlNetParams(JsonElement config)
    {
        var p = new ControlNetParams { UNet = UNetParams(config) };
        return config.TryGetProperty("hint_channels", out var channels) ? p with { HintChannels = channels.GetInt32() } : p;
    }

    public static UNet UNet(UNetParams p, IReadOnlyDictionary<string, Tensor> weights, string prefix = "model.diffusion_model.") =>
        Fill(new UNet(p, Placement.Cpu32), weights, prefix);

    public static ControlNet ControlNet(ControlNetParams p, IReadOnlyDictionary<string, Tensor> weights, string prefix = "control_model.") =>
        Fill(new ControlNet(p, Placement.Cpu32), weights, prefix);

    /// <summary>Copies all weights under the prefix into the module; every name and shape must match, in both directions.</summary>
    public static T Fill<T>(T module, IReadOnlyDictionary<string, Tensor> weights, string prefix)
        where T : nn.Module
    {
        var given = weights.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(pair => pair.Key[prefix.Length..], pair => pair.Value);
        var parameters = module.named_parameters().ToDictionary(pair => pair.name, pair => pair.parameter);
        Assert.Equal(given.Keys.Order(StringComparer.Ordinal), parameters.Keys.Order(StringComparer.Ordinal));
        using var _ = no_grad();
        foreach (var (name, parameter) in parameters)
        {
            Assert.True(given[name].shape.SequenceEqual(parameter.shape), $"{name}: [{string.Join(", ", parameter.shape)}], expected [{string.Join(", ", given[name].shape)}]");
            parameter.copy_(given[name]);
        }

        return module;
    }
}
