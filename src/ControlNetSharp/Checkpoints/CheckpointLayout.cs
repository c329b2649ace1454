namespace ControlNetSharp.Checkpoints;

/// <summary>How a checkpoint's tensors are named and divided into files.</summary>
internal enum CheckpointLayout
{
    /// <summary>One file with the original's names: what A1111, ComfyUI and this library's own models use.</summary>
    Ldm,

    /// <summary>
    /// A folder with one folder for each network, and configurations; for a ControlNet or an Autoencoder alone one
    /// folder.
    /// </summary>
    Diffusers,
}
