namespace ControlNetSharp.Checkpoints;

/// <summary>How <see cref="CheckpointConverter"/> writes floating-point tensors.</summary>
internal enum WeightFormat
{
    /// <summary>32 bits.</summary>
    Float32,

    /// <summary>16 bits with the range of float32.</summary>
    BFloat16,

    /// <summary>IEEE's 16 bits.</summary>
    Float16,

    /// <summary>
    /// Matrices and convolutions in 8 bits (F8_E4M3) with a factor each, the rest as <see cref="BFloat16"/>.
    /// </summary>
    ScaledFloat8,
}
