using static TorchSharp.torch;

namespace ControlNetSharp.Text;

/// <summary>An encoded prompt.</summary>
/// <param name="Context">
/// [1, 77·chunks, ContextChannels]: what UNet and ControlNet attend to. Of two encoders the features stand side by
/// side.
/// </param>
/// <param name="Pooled">
/// [1, P]: one vector for the whole prompt, from the first chunk by the last encoder (SDXL); null where the family
/// takes none.
/// </param>
internal sealed record TextConditioning(Tensor Context, Tensor? Pooled);
