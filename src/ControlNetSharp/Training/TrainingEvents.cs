namespace ControlNetSharp.Training;

/// <summary>What a training tells while it runs; all on the training's thread.</summary>
/// <param name="OnProgress">After some steps.</param>
/// <param name="OnMessage">What a person should read: a validation's numbers, convergence.</param>
public sealed record TrainingEvents(Action<TrainingProgress> OnProgress, Action<string> OnMessage);
