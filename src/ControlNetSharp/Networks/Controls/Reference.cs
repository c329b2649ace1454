namespace ControlNetSharp.Networks.Controls;

/// <summary>
/// Control without a network of its own: at each step the UNet first looks at a reference picture, made as noisy as the
/// latents, and what it saw is there when it looks at the latents. Sources: Mikubill/sd-webui-controlnet, "reference"
/// (behaviour); huggingface/diffusers, examples/community/stable_diffusion_reference.py.
/// </summary>
/// <param name="p">What of it is seen, and how.</param>
internal sealed class Reference(ReferenceParams p) : ControlNetwork(nameof(Reference))
{
    /// <summary>What of the picture is seen, and how.</summary>
    public ReferenceParams Params => p;

    /// <summary>None: there is no tensor that could have a weight of its own.</summary>
    public override int ResidualCount => 0;

    /// <summary>Every UNet can look at two pictures.</summary>
    public override bool Fits(UNetParams model) => true;
}

/// <summary>What of a reference picture counts, and how.</summary>
/// <param name="Attends">
/// Whether self-attention sees its tokens beside those of the picture that is made (reference-only).
/// </param>
/// <param name="TakesStatistics">
/// Whether features get its mean and deviation, channel by channel (reference-adain).
/// </param>
/// <param name="Fidelity">
/// Style fidelity, 0..1: how much of it the unconditional side of the guidance does without, so that the guidance
/// scale strengthens the reference.
/// </param>
/// <param name="Rule">Whose rule says where it acts.</param>
internal sealed record ReferenceParams(bool Attends, bool TakesStatistics, double Fidelity, ReferenceRule Rule);

/// <summary>Two programs share the idea and differ in where it acts.</summary>
internal enum ReferenceRule
{
    /// <summary>sd-webui-controlnet; on SDXL the fidelity is cubed.</summary>
    WebUi,

    /// <summary>huggingface/diffusers, its community pipelines.</summary>
    Diffusers,
}
