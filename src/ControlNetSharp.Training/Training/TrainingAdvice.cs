namespace ControlNetSharp.Training;

/// <summary>What makes a training need less memory.</summary>
public enum TrainingAdvice
{
    /// <summary>The inner values of one block at a time are kept.</summary>
    Checkpointing,

    /// <summary>The optimizer's memory falls to a quarter.</summary>
    EightBitOptimizer,

    /// <summary>The same steps are made with one example at a time, whose gradients are added up.</summary>
    Accumulation,

    /// <summary>There is no average of the weights.</summary>
    NoAverage,

    /// <summary>Pictures of fewer pixels.</summary>
    SmallerPictures,
}
