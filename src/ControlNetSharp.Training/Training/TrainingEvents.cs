namespace ControlNetSharp.Training;

/// <summary>What a training tells while it runs; all but pictures and examples on the training's thread.</summary>
/// <param name="OnProgress">After some steps.</param>
/// <param name="OnMessage">What a person should read: a validation's numbers, convergence.</param>
/// <param name="OnPicture">
/// How many of how many sample pictures are made, before the first step and at each validation; by one thread at a
/// time.
/// </param>
/// <param name="OnExample">
/// How many of how many examples are encoded, before everything else; by one thread at a time.
/// </param>
public sealed record TrainingEvents(
    Action<TrainingProgress> OnProgress,
    Action<string> OnMessage,
    Action<int, int>? OnPicture = null,
    Action<int, int>? OnExample = null
);
