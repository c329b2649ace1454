namespace ControlNetSharp.Requests;

/// <summary>
/// In which passes of a generation with a <see cref="HiresPass"/> a unit acts; without one there is a single pass, in
/// which every unit acts. Source: sd-webui-controlnet's hr_option (behaviour).
/// </summary>
public enum ControlPasses
{
    /// <summary>In both.</summary>
    Both,

    /// <summary>In the first, at the smaller size.</summary>
    Low,

    /// <summary>In the second, at the larger size.</summary>
    High,

    /// <summary>
    /// In both, in the second with the softness of <see cref="ControlMode.Prompt"/>. Source: sd-webui-controlnet, which
    /// does so for canny and mlsd (behaviour).
    /// </summary>
    Soft,
}
