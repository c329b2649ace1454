using ControlNetSharp.Checkpoints;
using Xunit;

namespace ControlNetSharp.Tests.Checkpoints;

public sealed class CheckpointKindTests
{
    [Theory]
    [InlineData("conv_first.weight 64,3,3,3|body.0.rdb1.conv1.weight 32,64,3,3", "upscaler", null)]
    [InlineData("model.0.weight 64,3,3,3|model.1.sub.0.RDB1.conv1.0.weight 32,64,3,3", "upscaler", null)]
    [InlineData("body.0.weight 64,3,3,3|body.1.weight 64", "upscaler", null)]
    [InlineData("conv_in.weight 320,192,3,3|body.0.block1.weight 320,320,3,3", "t2i-adapter", "SD 1.x")]
    [InlineData("body.0.in_conv.weight 80,192,1,1|body.0.body.0.block1.weight 80,80,3,3", "t2i-adapter", "SD 1.x")]
    [InlineData("model.diffusion_model.joint_blocks.0.context_block.attn.qkv.weight 24,8|first_stage_model.decoder.conv_in.weight 8,16,3,3", "model", "SD3")]
    [InlineData("transformer_blocks.0.attn.add_k_proj.weight 8,8|pos_embed.pos_embed 1,8,8", "model", "SD3")]
    [InlineData("double_blocks.0.img_attn.norm.key_norm.scale 8|img_in.weight 8,8", "model", "Flux")]
    [InlineData("single_transformer_blocks.0.attn.to_q.weight 8,8|transformer_blocks.0.attn.add_k_proj.weight 8,8", "model", "Flux")]
    [InlineData("emb_params 2,768", "textual inversion", "SD 1.x")]
    [InlineData("* 5,1024", "textual inversion", "SD 2.x")]
    [InlineData("<cat> 768", "textual inversion", "SD 1.x")]
    [InlineData("clip_g 2,1280|clip_l 2,768", "textual inversion", "SDXL")]
    [InlineData("emb_params 2,16", "textual inversion", "SD 1.x layout with context 16")]
    [InlineData("w 1", "unknown", null)]
    [InlineData("head.weight 2,768", "unknown", null)]
    [InlineData("lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight 4,768", "lora", "SD 1.x")]
    [InlineData("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_v.lora_down.weight 4,2048", "lora", "SDXL")]
    [InlineData("lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight 4,1024", "lora", "SD 2.x")]
    [InlineData("lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight 4,1280", "lora", "SDXL")]
    [InlineData("down_blocks.0.attentions.0.transformer_blocks.0.attn2.processor.to_k_lora.down.weight 4,768", "lora", "SD 1.x")]
    [InlineData("unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.lora_A.my_style.weight 4,1024", "lora", "SD 2.x")]
    [InlineData("text_encoder.text_model.encoder.layers.0.self_attn.to_q_lora.down.weight 4,768", "lora", null)]
    [InlineData("lora_unet_double_blocks_0_img_attn_proj.lora_down.weight 4,3072", "lora", "Flux")]
    [InlineData("transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight 4,3072", "lora", "Flux")]
    [InlineData("unet:0:up 320,4|unet:0:down 4,320", "lora", null)]
    [InlineData("lora_unet_mid_block_attentions_0_proj_in.hada_w1_a 64,4", "lora", null)]
    public void Of_NamesAndShapes_SaysKindAndFamily(string tensors, string kind, string? family)
    {
        var shapes = tensors.Split('|').Select(tensor => tensor.Split(' ')).ToDictionary(tensor => tensor[0], tensor => (IReadOnlyList<long>)[.. tensor[1].Split(',').Select(long.Parse)]);
        Assert.Equal((kind, family), CheckpointKind.Of(shapes));
    }
}
