namespace ControlNetSharp.Requests;

/// <summary>
/// Which side wins where prompt and hint disagree: what <see cref="ControlUnit.Softness"/> and
/// <see cref="ControlUnit.UnconditionalFactor"/> are where a unit does not say it. Source: sd-webui-controlnet's
/// control modes; ControlNet gradio_*.py, "guess mode".
/// </summary>
public enum ControlMode
{
    /// <summary>Every residual counts fully, on both sides of the guidance.</summary>
    Balanced,

    /// <summary>
    /// Residual i of N is scaled by 0.825^(N − 1 − i), on both sides: the deep, coarse ones count, the shallow,
    /// detailed ones fade.
    /// </summary>
    Prompt,

    /// <summary>
    /// The same scale, on the conditional side only: the guidance scale then amplifies the hint, too.
    /// </summary>
    Control,
}
