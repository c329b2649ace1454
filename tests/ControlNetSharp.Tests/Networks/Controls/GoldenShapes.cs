using ControlNetSharp.Checkpoints;
using ControlNetSharp.Checkpoints.KeyMaps;
using ControlNetSharp.Networks;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Tests.Networks.Controls;

/// <summary>Networks under diffusers' names, in the shape that their weights show.</summary>
internal static class GoldenShapes
{
    /// <summary>The weights under a prefix by LDM's names, without the prefix.</summary>
    public static Dictionary<string, Tensor> Ldm(GoldenFile golden, string prefix)
    {
        var weights = golden.Weights(prefix).ToDictionary(weight => weight.Key[prefix.Length..], weight => weight.Value);
        var map = UNetKeys.OfDiffusers([.. weights.Keys]);
        return weights.ToDictionary(weight => map.ToLdm(weight.Key) ?? weight.Key, weight => weight.Value);
    }

    public static Dictionary<string, IReadOnlyList<long>> ShapesOf(Dictionary<string, Tensor> weights) =>
        weights.ToDictionary(weight => weight.Key, IReadOnlyList<long> (weight) => weight.Value.shape);

    /// <summary>A UNet; what shapes do not show is in the metadata.</summary>
    public static UNet UNet(GoldenFile golden, string prefix, CheckpointMetadata metadata)
    {
        var weights = Ldm(golden, prefix);
        return GoldenNetworks.Fill(new UNet(NetworkShapes.UNet(ShapesOf(weights), metadata), Placement.Cpu32), weights, "");
    }

    /// <summary>The vector of each row of the golden's sizes.</summary>
    public static Tensor Vector(GoldenFile golden, UNetParams p, string prefix = "in.")
    {
        var (pooled, ids) = (golden[prefix + "text_embeds"], golden[prefix + "time_ids"]);
        return cat([.. Enumerable.Range(0, (int)pooled.shape[0]).Select(row =>
        {
            var n = ids[row].data<float>().ToArray();
            return new SizeConditioning(n[0], n[1], n[2], n[3], n[4], n[5]).Vector(pooled.narrow(0, row, 1), p.VectorChannels!.Value);
        })], 0);
    }

    /// <summary>The model of a golden Control-LoRA, of which only the UNet counts.</summary>
    public static DiffusionModel ControlLoraModel(GoldenFile golden)
    {
        var config = golden.Config;
        UNet unet;
        if (golden.Has("in.text_embeds"))
        {
            unet = UNet(golden, "unet.", new CheckpointMetadata { HeadWidth = config.GetProperty("block_out_channels")[0].GetInt32() / config.GetProperty("attention_head_dim")[0].GetInt32() });
        }
        else
        {
            var weights = golden.Weights(TinyModel.UNetPrefix).ToDictionary(weight => weight.Key[TinyModel.UNetPrefix.Length..], weight => weight.Value);
            var p = NetworkShapes.UNet(ShapesOf(weights), new CheckpointMetadata { Heads = config.GetProperty("num_heads").GetInt32() });
            unet = GoldenNetworks.Fill(new UNet(p, Placement.Cpu32), weights, "");
        }

        return new DiffusionModel
        {
            File = "model", Family = ModelFamily.Of(unet.Params), UNet = unet, Autoencoder = TinyModel.Autoencoder(), Text = TinyModel.Text(),
            NativeSize = 64, Placement = Placement.Cpu32,
        };
    }
}
