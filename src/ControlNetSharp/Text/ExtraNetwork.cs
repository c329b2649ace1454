namespace ControlNetSharp.Text;

/// <summary>A LoRA that a prompt asks for.</summary>
/// <param name="Name">Name of its file without the extension, as the prompt writes it.</param>
/// <param name="TextWeight">
/// How much its part for the text encoders counts; 1 as it was trained, negative numbers turn it round.
/// </param>
/// <param name="UNetWeight">The same for its part for the UNet.</param>
internal sealed record ExtraNetwork(string Name, double TextWeight, double UNetWeight);
