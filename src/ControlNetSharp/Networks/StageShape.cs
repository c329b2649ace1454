using ControlNetSharp.Runtime;

namespace ControlNetSharp.Networks;

/// <summary>A stage of a UNet that is not made yet: what it takes and gives, and where it stands.</summary>
/// <param name="Layers">What it is made of, in words; equal words, channels and level mean equal stages.</param>
/// <param name="ChannelsIn">Channels that it takes.</param>
/// <param name="ChannelsOut">Channels that it gives.</param>
/// <param name="Level">Level of the size that it takes: 0 for that of the latents, then a half of it, a quarter …</param>
/// <param name="Create">Makes it.</param>
internal sealed record StageShape(string Layers, int ChannelsIn, int ChannelsOut, int Level, Func<Placement, Stage> Create);
