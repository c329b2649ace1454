using System.Globalization;

namespace ControlNetSharp.Training;

/// <summary>
/// Watches the fidelity of a control from validation to validation. A ControlNet does not learn its condition little by
/// little: for thousands of steps pictures ignore the hint, then within
/// a few hundred they follow it. Source: Zhang et al. 2023, arXiv:2302.05543, section 3.3, "sudden convergence
/// phenomenon".
/// </summary>
public sealed class Convergence
{
    /// <summary>Share of the way from the floor to 1 that counts as following the hint.</summary>
    private const double Followed = 0.3;

    /// <summary>A fidelity that is higher by less than this is not a better one.</summary>
    private const double Better = 0.01;

    /// <summary>Validations without a better fidelity after which it rises no more.</summary>
    private const int Patience = 6;
    private readonly Dictionary<string, string> _notes;

    /// <summary>Goes on from what was noted before.</summary>
    /// <param name="notes">Notes that survive a resume; written to.</param>
    public Convergence(Dictionary<string, string> notes) => _notes = notes;

    /// <summary>Fidelity of pictures without control; null before it was measured.</summary>
    public double? Floor
    {
        get => Read("fidelityWithoutControl");
        set => Write("fidelityWithoutControl", value);
    }

    /// <summary>The newest fidelity.</summary>
    public double? Newest
    {
        get => Read("fidelity");
        private set => Write("fidelity", value);
    }

    /// <summary>The best fidelity.</summary>
    public double? Best
    {
        get => Read("bestFidelity");
        private set => Write("bestFidelity", value);
    }

    /// <summary>The step at which pictures began to follow their hints; null as long as they do not.</summary>
    public long? Step
    {
        get => (long?)Read("convergedAtStep");
        private set => Write("convergedAtStep", value);
    }

    /// <summary>Whether it has converged and the fidelity rises no more.</summary>
    public bool IsOver => Step is not null && Read("validationsSinceBest") >= Patience;

    /// <summary>Takes the fidelity of a validation.</summary>
    /// <param name="step">Steps taken.</param>
    /// <param name="fidelity">The fidelity with control, 0 to 1.</param>
    /// <returns>
    /// Whether this validation is the one that showed convergence: the second in a row, so that a lucky one does not
    /// count.
    /// </returns>
    public bool Add(long step, double fidelity)
    {
        Newest = fidelity;
        if (fidelity > (Best ?? 0) + Better)
        {
            Best = fidelity;
            Write("validationsSinceBest", 0);
        }
        else
        {
            Write("validationsSinceBest", (Read("validationsSinceBest") ?? 0) + 1);
        }

        var follows = fidelity - (Floor ?? 0) >= Followed * (1 - (Floor ?? 0));
        var before = Read("followsSinceStep");
        Write("followsSinceStep", follows ? before ?? step : null);
        if (Step is null && follows && before is not null)
        {
            Step = (long)before;
            return true;
        }

        return false;
    }

    private double? Read(string key) =>
        double.TryParse(_notes.GetValueOrDefault(key), CultureInfo.InvariantCulture, out var number) ? number : null;

    private void Write(string key, double? value)
    {
        if (value is { } number)
        {
            _notes[key] = number.ToString("r", CultureInfo.InvariantCulture);
        }
        else
        {
            _notes.Remove(key);
        }
    }
}
