using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ControlNetSharp.Checkpoints;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ControlNetSharp.Training;

/// <summary>
/// The loop that every training runs: loss, gradients, optimizer step, average, log, checkpoint. Random numbers of a step come from the seed and the step's number alone,
/// so a resumed run is the same run.
/// </summary>
public sealed class Trainer : IDisposable
{
    private const string OptimizerFirst = "optimizer.first_moment";
    private const string OptimizerSecond = "optimizer.second_moment";
    private const string MuonMomentum = "optimizer.momentum";
    private const string Average = "average";
    private const string CheckpointFile = "checkpoint.safetensors";
    private readonly List<(string Name, Parameter Parameter)> _parameters;
    private readonly TrainerOptions _options;
    private readonly AdamW _optimizer;
    private readonly Muon? _muon;

    /// <summary>Prepares the training of some parameters; continues from the checkpoint in the output folder if there is one.</summary>
    /// <param name="parameters">float32 CPU parameters by unique name. Borrowed.</param>
    /// <param name="options">Steps, rates, places.</param>
    /// <exception cref="CheckpointException">There is a checkpoint, but it belongs to other parameters.</exception>
    public Trainer(IEnumerable<(string Name, Parameter Parameter)> parameters, TrainerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _parameters = [.. parameters];
        _options = options;
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Workers, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Workers, 2);
        Directory.CreateDirectory(options.Folder);
        var inner = _parameters.ToLookup(p => options.Muon?.Moves(p.Name, p.Parameter) ?? false, p => p.Parameter);
        _optimizer = new AdamW(inner[false], options.Optimizer);
        _muon = options.Muon is { } muon ? new Muon(inner[true], muon) : null;
        WeightAverage = new WeightAverage(_parameters.Select(p => p.Parameter), options.AverageDecay);
        if (File.Exists(CheckpointPath))
        {
            Restore();
        }
    }

    /// <summary>The average of the weights, which is what gets used afterwards.</summary>
    public WeightAverage WeightAverage { get; }

    /// <summary>Steps taken so far, those before a resume included.</summary>
    public long Steps => _optimizer.Steps;

    private string CheckpointPath => Path.Combine(_options.Folder, CheckpointFile);

    /// <summary>Whether a training has left a checkpoint in a folder.</summary>
    public static bool HasCheckpoint(string folder) => File.Exists(Path.Combine(folder, CheckpointFile));

    /// <summary>Copies the averaged weights of a training's checkpoint into parameters.</summary>
    /// <param name="folder">The training's folder.</param>
    /// <param name="parameters">The same parameters, in the same order, as the training had. Borrowed.</param>
    /// <exception cref="CheckpointException">There is no checkpoint, or it belongs to other parameters.</exception>
    public static void LoadAverage(string folder, IEnumerable<(string Name, Parameter Parameter)> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        using var file = SafetensorsFile.Open(Path.Combine(folder, CheckpointFile));
        using var average = file.Read(Average);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var position = 0L;
        foreach (var (name, parameter) in parameters)
        {
            if (!file.Entries.TryGetValue(name, out var entry) || !entry.Shape.SequenceEqual(parameter.shape))
            {
                throw new CheckpointException(file.Path, $"the checkpoint belongs to another training: '{name}' is missing or has another shape.", [name]);
            }

            parameter.copy_(average.narrow(0, position, parameter.numel()).view(parameter.shape));
            position += parameter.numel();
        }
    }

    /// <summary>Trains until the last step or until cancelled; saves a checkpoint at the end in both cases.</summary>
    /// <param name="loss">The loss of one step: a scalar with gradients to the parameters. It runs inside a dispose scope.</param>
    /// <param name="log">Receives a line of progress now and then.</param>
    /// <param name="validate">Runs with the averaged weights in place, every <see cref="TrainerOptions.ValidateEvery"/> steps and at the end; its numbers go into the metrics.</param>
    /// <param name="cancellationToken">Ends training after the present step.</param>
    /// <exception cref="TrainingException">A loss or gradient is not finite; the last checkpoint is intact.</exception>
    public void Run(Func<TrainingStep, Tensor> loss, Action<string> log, Func<IReadOnlyDictionary<string, double>>? validate = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(log);
        var clock = Stopwatch.StartNew();
        var (firstStep, lastSave, running) = (Steps, TimeSpan.Zero, double.NaN);
        while (Steps < _options.Steps && !cancellationToken.IsCancellationRequested)
        {
            var rate = _options.LearningRate.At(Steps, _options.Steps);
            var (value, norm) = Step(loss, rate);
            running = double.IsNaN(running) ? value : running * 0.99 + value * 0.01;
            if (Steps % _options.LogEvery == 0)
            {
                var speed = (Steps - firstStep) / clock.Elapsed.TotalSeconds;
                WriteMetrics(new Dictionary<string, double> { ["loss"] = running, ["gradientNorm"] = norm, ["learningRate"] = rate, ["stepsPerSecond"] = speed });
                log($"step {Steps}/{_options.Steps}  loss {running:f4}  gradient {norm:f3}  rate {rate:e1}  {speed:f2} steps/s  {TimeSpan.FromSeconds((_options.Steps - Steps) / speed):hh\\:mm\\:ss} left");
            }

            if (validate is not null && Steps % _options.ValidateEvery == 0)
            {
                Validate(validate, log);
            }

            if (clock.Elapsed - lastSave > _options.SaveEvery)
            {
                Save();
                lastSave = clock.Elapsed;
            }
        }

        if (validate is not null)
        {
            Validate(validate, log);
        }

        Save();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer.Dispose();
        _muon?.Dispose();
        WeightAverage.Dispose();
    }

    private (double Loss, double Norm) Step(Func<TrainingStep, Tensor> loss, double rate)
    {
        var losses = new double[_options.Workers];
        Parallel.For(0, _options.Workers, worker =>
        {
            using var scope = NewDisposeScope();
            var seed = unchecked((_options.Seed * 1_000_003 + Steps) * _options.Workers + worker);
            using var generator = new Generator((ulong)seed, CPU);
            var l = loss(new TrainingStep(Steps, _options.Steps, new Random(unchecked((int)(seed * 2654435761L >> 7))), generator));
            losses[worker] = l.item<float>();
            (l / _options.Workers).backward();
        });
        var value = losses.Average();
        if (!double.IsFinite(value))
        {
            throw new TrainingException($"The loss of step {Steps + 1} is {value}; the last checkpoint is intact.", Steps + 1, value);
        }

        var norm = _optimizer.Step(rate, _options.LargestGradientNorm);
        _muon?.Step(rate);
        WeightAverage.Update(Steps);
        return (value, norm);
    }

    private void Validate(Func<IReadOnlyDictionary<string, double>> validate, Action<string> log)
    {
        WeightAverage.Swap();
        try
        {
            using var scope = NewDisposeScope();
            using var _ = no_grad();
            var numbers = validate();
            WriteMetrics(numbers);
            log($"step {Steps}  " + string.Join("  ", numbers.Select(n => $"{n.Key} {n.Value:f4}")));
        }
        finally
        {
            WeightAverage.Swap();
        }
    }

    private void WriteMetrics(IReadOnlyDictionary<string, double> numbers) =>
        File.AppendAllText(Path.Combine(_options.Folder, "metrics.jsonl"), JsonSerializer.Serialize(new Dictionary<string, double>(numbers) { ["step"] = Steps }) + "\n");

    /// <summary>Everything besides the parameters that a resumed run needs.</summary>
    private Dictionary<string, Tensor> State()
    {
        var state = new Dictionary<string, Tensor> { [OptimizerFirst] = _optimizer.FirstMoment, [OptimizerSecond] = _optimizer.SecondMoment, [Average] = WeightAverage.Values };
        if (_muon is not null)
        {
            state.Add(MuonMomentum, _muon.Momentum);
        }

        return state;
    }

    private void Save()
    {
        var tensors = State();
        foreach (var (name, parameter) in _parameters)
        {
            tensors.Add(name, parameter);
        }

        SafetensorsWriter.Write(CheckpointPath, tensors, new Dictionary<string, string> { ["step"] = Steps.ToString(CultureInfo.InvariantCulture) });
    }

    private void Restore()
    {
        using var file = SafetensorsFile.Open(CheckpointPath);
        var expected = _parameters.Select(p => p.Name).Concat(State().Keys).ToHashSet();
        var wrong = expected.Except(file.Entries.Keys).Concat(file.Entries.Keys.Except(expected)).Order(StringComparer.Ordinal).Take(5).ToList();
        if (wrong.Count > 0)
        {
            throw new CheckpointException(CheckpointPath, $"the checkpoint belongs to another training; these keys are in only one of both: {string.Join(", ", wrong)}.", wrong);
        }

        foreach (var (name, parameter) in _parameters)
        {
            file.ReadInto(name, parameter);
        }

        foreach (var (name, tensor) in State())
        {
            file.ReadInto(name, tensor);
        }

        _optimizer.Steps = long.Parse(file.Metadata["step"], CultureInfo.InvariantCulture);
    }
}
