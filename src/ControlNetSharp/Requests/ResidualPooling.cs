namespace ControlNetSharp.Requests;

/// <summary>
/// Whether each residual is averaged over the picture and counts on the conditional side only, as the ControlNets of
/// shuffled
/// pictures (control_v11e_sd15_shuffle) were trained. Source: ControlNet 1.1, "global_average_pooling".
/// </summary>
public enum ResidualPooling
{
    /// <summary>As the ControlNet's name or its configuration says.</summary>
    Auto,

    /// <summary>Averaged.</summary>
    Average,

    /// <summary>As it is.</summary>
    None,
}
