using System.Diagnostics;
using System.Globalization;
using ControlNetSharp.Checkpoints;
using ControlNetSharp.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// The loop that every training runs: loss, gradients, optimizer step, average, log, checkpoint. Random numbers of a
/// step come from the seed and the step's number alone,
/// so a resumed run is the same run.
/// </summary>
public sealed class Trainer : IDisposable
{
    private const string StepKey = "step";
    private const string LossName = "loss";
    private const string NotePrefix = "note.";
    private const string AveragePrefix = "average.";
    private readonly List<(string Name, Parameter Parameter)> _parameters;
    private readonly TrainerOptions _options;
    private readonly TrainingCheckpoint _checkpoints;
    private readonly TrainingMetrics _metrics;
    private readonly string[] _adamNames;
    private readonly AdamW _adam;
    private readonly string[] _muonNames;
    private readonly Muon? _muon;
    private readonly RunningMeans _means = new();

    /// <summary>
    /// Prepares the training of some parameters; continues from the newest checkpoint in the output folder if there is
    /// one.
    /// </summary>
    /// <param name="parameters">float32 parameters on one device, by unique name. Borrowed.</param>
    /// <param name="options">Steps, rates, places.</param>
    /// <exception cref="CheckpointException">
    /// There is a checkpoint, but it belongs to other parameters or to a run with other
    /// <see cref="TrainerOptions.Identity"/>.
    /// </exception>
    public Trainer(IEnumerable<(string Name, Parameter Parameter)> parameters, TrainerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _parameters = [.. parameters];
        _options = options;
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Workers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Workers, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Accumulation, 1);
        if (options is { Workers: > 1, Accumulation: > 1 })
        {
            throw new ArgumentException(
                "Gradients are accumulated by one worker only: the sum of those of several would depend on who comes "
                    + "first.",
                nameof(options)
            );
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(options.KeepCheckpoints, 1);
        Directory.CreateDirectory(options.Folder);
        _checkpoints = new TrainingCheckpoint(options.Folder, options.KeepCheckpoints);
        _metrics = new TrainingMetrics(options.Folder);
        var inner = _parameters.ToLookup(p => options.Muon?.Moves(p.Name, p.Parameter) ?? false);
        _adamNames = [.. inner[false].Select(p => p.Name)];
        _adam = new AdamW(inner[false].Select(p => p.Parameter), options.Optimizer);
        _muonNames = [.. inner[true].Select(p => p.Name)];
        _muon = options.Muon is { } muon ? new Muon(inner[true].Select(p => p.Parameter), muon) : null;
        WeightAverage = options.AverageDecay is { } decay
            ? new WeightAverage(_parameters.Select(p => p.Parameter), decay)
            : null;
        if (_checkpoints.Newest is { } newest)
        {
            Restore(newest);
        }
        else
        {
            // Lines of a training that is gone would be drawn into this one's curves.
            _metrics.Clear();
        }
    }

    /// <summary>The average of the weights, which is what gets used afterwards; null where none is kept.</summary>
    public WeightAverage? WeightAverage { get; }

    /// <summary>Steps taken so far, those before a resume included.</summary>
    public long Steps => _adam.Steps;

    /// <summary>Running mean of the loss, those before a resume included; null before the first step.</summary>
    public double? Loss => _means.Of(LossName);

    /// <summary>
    /// Running means of the loss and of <see cref="TrainingStep.Numbers"/> by name, those before a resume included;
    /// what was never told is not there.
    /// </summary>
    public IReadOnlyDictionary<string, double> Means => _means.All;

    /// <summary>
    /// What else of a run is to survive a resume, such as its best score; saved with each checkpoint.
    /// </summary>
    public Dictionary<string, string> Notes { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether a training has left a checkpoint in a folder.</summary>
    public static bool HasCheckpoint(string folder) => new TrainingCheckpoint(folder, 1).Newest is not null;

    /// <summary>
    /// Copies the averaged weights of a training's newest checkpoint into parameters; the weights themselves where no
    /// average was kept.
    /// </summary>
    /// <param name="folder">The training's folder.</param>
    /// <param name="parameters">Parameters by their names in the training. Borrowed.</param>
    /// <exception cref="CheckpointException">There is no checkpoint, or it belongs to other parameters.</exception>
    public static void LoadAverage(string folder, IEnumerable<(string Name, Parameter Parameter)> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        using var file = SafetensorsFile.Open(
            new TrainingCheckpoint(folder, 1).Newest
                ?? throw new CheckpointException(folder, "there is no checkpoint of a training in this folder.")
        );
        foreach (var (name, parameter) in parameters)
        {
            using var scope = NewDisposeScope();
            var key = file.Entries.ContainsKey(AveragePrefix + name) ? AveragePrefix + name : name;
            file.ReadInto(key, key == name ? parameter : parameter.view(-1));
        }
    }

    /// <summary>Trains until the last step or until cancelled; saves a checkpoint at the end in both cases.</summary>
    /// <param name="loss">
    /// The loss of one part of a step: a scalar with gradients to the parameters. It runs inside a dispose scope.
    /// </param>
    /// <param name="onProgress">Told after each <see cref="TrainerOptions.LogEvery"/> steps.</param>
    /// <param name="validate">
    /// Runs with the averaged weights in place, every <see cref="TrainerOptions.ValidateEvery"/> steps and at the end;
    /// its numbers go into the metrics.
    /// </param>
    /// <param name="cancellationToken">Ends training after the present step.</param>
    /// <exception cref="TrainingException">A loss or gradient is not finite; the last checkpoint is intact.</exception>
    /// <exception cref="IOException">A checkpoint cannot be written; the last one is intact.</exception>
    public void Run(
        Func<TrainingStep, Tensor> loss,
        Action<TrainingProgress> onProgress,
        Func<IReadOnlyDictionary<string, double>>? validate = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(onProgress);
        var clock = Stopwatch.StartNew();
        var (firstStep, lastSave, validated) = (Steps, TimeSpan.Zero, -1L);
        while (Steps < _options.Steps && !cancellationToken.IsCancellationRequested)
        {
            var rate = _options.LearningRate.At(Steps, _options.Steps);
            var (value, norm) = Step(loss, rate);
            _means.Add(LossName, value);
            if (Steps % _options.LogEvery == 0)
            {
                var progress = new TrainingProgress(
                    Steps,
                    _options.Steps,
                    Loss!.Value,
                    norm,
                    rate,
                    (Steps - firstStep) / clock.Elapsed.TotalSeconds
                )
                {
                    Others = Means.Where(mean => mean.Key != LossName).ToDictionary(StringComparer.Ordinal),
                };
                _metrics.Add(
                    Steps,
                    new Dictionary<string, double>(Means)
                    {
                        ["gradientNorm"] = norm,
                        ["learningRate"] = rate,
                        ["stepsPerSecond"] = progress.StepsPerSecond,
                    }
                );
                onProgress(progress);
            }

            if (validate is not null && Steps % _options.ValidateEvery == 0)
            {
                Validate(validate);
                validated = Steps;
            }

            if (clock.Elapsed - lastSave > _options.SaveEvery || Steps % _options.SaveEverySteps == 0)
            {
                Save();
                lastSave = clock.Elapsed;
            }
        }

        if (validate is not null && validated != Steps && !cancellationToken.IsCancellationRequested)
        {
            Validate(validate);
        }

        Save();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _adam.Dispose();
        _muon?.Dispose();
        WeightAverage?.Dispose();
    }

    private (double Loss, double Norm) Step(Func<TrainingStep, Tensor> loss, double rate)
    {
        var parts = _options.Workers * _options.Accumulation;
        var losses = new double[parts];
        var numbers = new IDictionary<string, double>[parts];
        for (var first = 0; first < parts; first += _options.Workers)
        {
            if (_options.Workers == 1)
            {
                ComputePart(first);
            }
            else
            {
                Parallel.For(first, first + _options.Workers, ComputePart);
            }
        }

        var value = losses.Average();
        if (!double.IsFinite(value))
        {
            throw new TrainingException(
                $"The loss of step {Steps + 1} is {value}; the last checkpoint is intact.",
                Steps + 1,
                value
            );
        }

        _means.Add(numbers);
        var norm = _adam.Step(rate, _options.LargestGradientNorm);
        _muon?.Step(rate);
        WeightAverage?.Update(Steps);
        return (value, norm);

        void ComputePart(int part)
        {
            SideBySide.OneLibtorchThread(_options.Workers);
            using var scope = NewDisposeScope();
            var seed = unchecked((_options.Seed * 1_000_003 + Steps) * parts + part);
            using var generator = new Generator((ulong)seed, CPU);
            var random = new Random(unchecked((int)(seed * 2654435761L >> 7)));
            var step = new TrainingStep(Steps, _options.Steps, part, random, generator);
            var l = loss(step);
            numbers[part] = step.Numbers;
            losses[part] = l.item<float>();
            l.Over(parts).backward();
        }
    }

    private void Validate(Func<IReadOnlyDictionary<string, double>> validate)
    {
        WeightAverage?.Swap();
        try
        {
            using var scope = NewDisposeScope();
            using var _ = no_grad();
            _metrics.Add(Steps, validate());
        }
        finally
        {
            WeightAverage?.Swap();
        }
    }

    /// <summary>
    /// Everything that a resumed run needs, by its name in the checkpoint: views of the memory where it lives.
    /// </summary>
    private Dictionary<string, Tensor> State()
    {
        var state = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (index, (name, parameter)) in _parameters.Index())
        {
            state.Add(name, parameter);
            if (WeightAverage is not null)
            {
                state.Add(AveragePrefix + name, WeightAverage.ValuesOf(index));
            }
        }

        foreach (var (index, name) in _adamNames.Index())
        {
            foreach (var (kind, values) in _adam.StateOf(index))
            {
                state.Add($"{kind}.{name}", values);
            }
        }

        foreach (var (index, name) in _muonNames.Index())
        {
            state.Add($"momentum.{name}", _muon!.MomentumOf(index));
        }

        return state;
    }

    private void Save()
    {
        using var scope = NewDisposeScope();
        var metadata = Notes.ToDictionary(note => NotePrefix + note.Key, note => note.Value);
        foreach (var (key, value) in _options.Identity)
        {
            metadata.Add(key, value);
        }

        metadata.Add(StepKey, Steps.ToString(CultureInfo.InvariantCulture));
        _means.WriteTo(metadata);
        try
        {
            _checkpoints.Write(Steps, State(), metadata);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"The checkpoint of step {Steps} cannot be written: {e.Message} The one before it is intact.",
                e
            );
        }
    }

    private SafetensorsFile OpenNewest(string path)
    {
        try
        {
            return SafetensorsFile.Open(path);
        }
        catch (CheckpointException e) when (_checkpoints.Older is { } older)
        {
            throw new CheckpointException(
                path,
                $"the newest checkpoint of the training is damaged. Delete it to go on from {older}. ({e.Message})",
                innerException: e
            );
        }
    }

    private void Restore(string path)
    {
        using var scope = NewDisposeScope();
        using var file = OpenNewest(path);
        var state = State();
        var wrong = state
            .Keys.Except(file.Entries.Keys)
            .Concat(file.Entries.Keys.Except(state.Keys))
            .Order(StringComparer.Ordinal)
            .Take(5)
            .ToList();
        if (wrong.Count > 0)
        {
            throw new CheckpointException(
                path,
                "the checkpoint belongs to another training; these keys are in only one of both: "
                    + $"{string.Join(", ", wrong)}.",
                wrong
            );
        }

        foreach (var (key, value) in _options.Identity)
        {
            // Checkpoints of older versions do not say everything.
            if (file.Metadata.TryGetValue(key, out var before) && before != value)
            {
                throw new CheckpointException(
                    path,
                    $"the checkpoint belongs to a training with another {key}: {before} then, {value} now. Resume with "
                        + "the same, or train into another folder.",
                    [key]
                );
            }
        }

        foreach (var (name, tensor) in state)
        {
            file.ReadInto(name, tensor);
        }

        foreach (
            var (key, value) in file.Metadata.Where(pair => pair.Key.StartsWith(NotePrefix, StringComparison.Ordinal))
        )
        {
            Notes[key[NotePrefix.Length..]] = value;
        }

        _means.ReadFrom(file.Metadata);
        _adam.Steps =
            file.Metadata.TryGetValue(StepKey, out var text)
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var step)
                ? step
                : throw new CheckpointException(
                    path,
                    $"the checkpoint does not say its step: the metadata '{StepKey}' is '{text}'."
                );
    }
}
