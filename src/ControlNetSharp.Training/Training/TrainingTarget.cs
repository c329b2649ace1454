namespace ControlNetSharp.Training;

/// <summary>What a training changes.</summary>
public enum TrainingTarget
{
    /// <summary>A ControlNet on a locked UNet, as the original does by default.</summary>
    ControlNet,

    /// <summary>
    /// A ControlNet, and the decoder half of the UNet with it (the original's <c>sd_locked = False</c>).
    /// </summary>
    ControlNetAndDecoder,

    /// <summary>The whole UNet and no ControlNet: fine-tuning.</summary>
    UNet,
}
