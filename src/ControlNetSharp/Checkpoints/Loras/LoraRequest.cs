namespace ControlNetSharp.Checkpoints.Loras;

/// <summary>A LoRA file and how much it counts.</summary>
/// <param name="File">The file, in kohya's or diffusers' naming.</param>
/// <param name="TextWeight">Factor of its part for the text encoders: 1 as it was trained, 0 none.</param>
/// <param name="UNetWeight">The same for its part for the UNet.</param>
internal sealed record LoraRequest(string File, double TextWeight = 1, double UNetWeight = 1);
