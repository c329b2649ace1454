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

    /// <summary>
    /// A Control-LoRA: the locked UNet's encoder half as control, with changes of low rank to its matrices and
    /// convolutions; norms, biases, hint encoder and zero convolutions are trained whole.
    /// </summary>
    ControlLora,

    /// <summary>The whole UNet and no ControlNet: fine-tuning.</summary>
    UNet,

    /// <summary>
    /// A LoRA on the whole UNet with which few steps without guidance do what many with guidance did: latent
    /// consistency distillation (Luo et al. 2023, arXiv:2311.05556).
    /// </summary>
    Lcm,

    /// <summary>
    /// The same by progressive distillation (Salimans and Ho 2022, arXiv:2202.00512): for one number of steps, and
    /// learned sooner.
    /// </summary>
    Progressive,
}
