namespace ControlNetSharp.Samplers;

/// <summary>
/// The function B(h) of UniPC, with h the (negative) distance in lambda. Source: Zhao et al. 2023, arXiv:2302.04867,
/// section 3.1.
/// </summary>
internal enum UniPcKind
{
    /// <summary>B(h) = h: recommended by the authors for few steps without guidance.</summary>
    Bh1,

    /// <summary>B(h) = e^h - 1: recommended with guidance.</summary>
    Bh2,
}
