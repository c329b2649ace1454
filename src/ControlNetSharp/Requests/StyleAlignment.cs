using System.ComponentModel.DataAnnotations;

namespace ControlNetSharp.Requests;

/// <summary>
/// How the pictures of a batch come to have one style: in self-attention each sees another one, too. Source: Hertz et
/// al. 2023, arXiv:2312.02133; google/style-aligned, sa_handler.py, whose defaults these are.
/// </summary>
public sealed record StyleAlignment
{
    /// <summary>
    /// Whether all pictures see each other, as in sd-webui-controlnet; false (the default) where all see the first,
    /// which stays what it is alone. The other members are for the latter, but <see cref="Plain"/>.
    /// </summary>
    public bool All { get; init; }

    /// <summary>
    /// Whether queries and keys take over mean and deviation of the first picture's; default true.
    /// </summary>
    public bool Adapts { get; init; } = true;

    /// <summary>Whether values do so, too; default false.</summary>
    public bool Values { get; init; }

    /// <summary>Whether group norms see the first picture, too; default false.</summary>
    public bool Norms { get; init; }

    /// <summary>Factor on the keys of the first picture as others see it, 0 to 2; default 1.</summary>
    [Range(0.0, 2.0)]
    public double Scale { get; init; } = 1;

    /// <summary>
    /// Added to the scores of the first picture's keys, −10 to 10: above 0 it is seen more; default 0.
    /// </summary>
    [Range(-10.0, 10.0)]
    public double Shift { get; init; }

    /// <summary>Share of the self-attention layers that are left alone, 0 (the default) to 1.</summary>
    [Range(0.0, 1.0)]
    public double Plain { get; init; }
}
