using ControlNetSharp.Scenes;

namespace ControlNetSharp.Evaluation;

/// <summary>
/// Counts what a classifier sees in pictures of one sort, against prompts and labels, and keeps the features. Threads
/// may add at the same time.
/// </summary>
internal sealed class FidelityTally
{
    private readonly Lock _adding = new();

    // In the order of the pictures, in which distances are summed.
    private readonly SortedDictionary<int, float[]> _features = [];

    /// <summary>Things that prompts name.</summary>
    public Share Things { get; private set; }

    /// <summary>Colours that prompts name.</summary>
    public Share Colours { get; private set; }

    /// <summary>Times of day that prompts name.</summary>
    public Share Times { get; private set; }

    /// <summary>What pictures are about, by their labels.</summary>
    public Share LabelledKinds { get; private set; }

    /// <summary>Times of day by the labels.</summary>
    public Share LabelledTimes { get; private set; }

    /// <summary>Styles by the labels.</summary>
    public Share LabelledStyles { get; private set; }

    /// <summary>Things that the classifier says, and of them those that are there by the labels.</summary>
    public Share SaidThings { get; private set; }

    /// <summary>Everything that prompts name.</summary>
    public Share Named => Things + Colours + Times;

    /// <summary>The features of all pictures, in their order.</summary>
    public IReadOnlyList<float[]> Features => [.. _features.Values];

    /// <summary>Adds a picture.</summary>
    /// <param name="index">Its number.</param>
    /// <param name="view">What the classifier sees in it.</param>
    /// <param name="prompt">What its prompt names.</param>
    /// <param name="labels">What there is; null where that is not known.</param>
    public void Add(int index, SceneView view, PromptContent prompt, SceneLabels? labels)
    {
        lock (_adding)
        {
            _features.Add(index, view.Features);
            Things += new Share(prompt.Things.Count(thing => view.Things[thing]), prompt.Things.Count);
            Colours += prompt.Colour is { } colour ? Share.Of(view.Colour == colour) : default;
            Times += prompt.Time is { } time ? Share.Of(view.Time == time) : default;
            if (labels is null)
            {
                return;
            }

            LabelledKinds += Share.Of(view.Kind == labels.Kind);
            LabelledTimes += Share.Of(view.Time == labels.Time);
            LabelledStyles += Share.Of(view.Style == labels.Style);
            SaidThings += new Share(
                labels.Things.Count(thing => view.Things[thing]),
                view.Things.Count(isThere => isThere)
            );
        }
    }
}

/// <summary>How many of some are right.</summary>
/// <param name="Right">Those that are.</param>
/// <param name="All">All of them.</param>
internal readonly record struct Share(long Right, long All)
{
    /// <summary>0 to 1; null of none.</summary>
    public double? Value => All == 0 ? null : (double)Right / All;

    public static Share operator +(Share a, Share b) => new(a.Right + b.Right, a.All + b.All);

    public static Share Of(bool isRight) => new(isRight ? 1 : 0, 1);
}
