namespace ControlNetSharp.Requests;

/// <summary>How an IP-Adapter takes several pictures.</summary>
public enum PictureCombination
{
    /// <summary>The mean of their tokens, as sd-webui-controlnet takes them.</summary>
    Average,

    /// <summary>All their tokens side by side, as diffusers takes them.</summary>
    Concat,
}
