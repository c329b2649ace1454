using System.Text.Json.Serialization;

namespace ControlNetSharp.Server.V1;

/// <summary>The models, also in the form in which OpenAI's clients read them.</summary>
/// <param name="Data">The models, the embedded one first.</param>
internal sealed record ModelList(IReadOnlyList<ModelView> Data)
{
    /// <summary>Always <c>list</c>.</summary>
    public string Object { get; init; } = "list";
}

/// <summary>A model that requests can name.</summary>
internal sealed record ModelView
{
    /// <summary>What requests name it by.</summary>
    public required string Name { get; init; }

    /// <summary>What people read.</summary>
    public required string Title { get; init; }

    /// <summary>Such as SD 1.x; null where its file is on another machine.</summary>
    public string? Family { get; init; }

    /// <summary>The usual width and height of its pictures; null likewise.</summary>
    public int? NativeSize { get; init; }

    /// <summary>The guidance scale of requests that name none; null likewise.</summary>
    public double? GuidanceScale { get; init; }

    /// <summary>Whether it comes with the program.</summary>
    public bool IsEmbedded { get; init; }

    /// <summary>epsilon or v, where the file says it.</summary>
    public string? Prediction { get; init; }

    /// <summary>The name, as OpenAI's clients call it.</summary>
    public string Id => Name;

    /// <summary>Always <c>model</c>.</summary>
    public string Object { get; init; } = "model";

    /// <summary>When the file was written, in seconds since 1970; 0 where that is not known.</summary>
    public long Created { get; init; }

    /// <summary>Whose it is: this program's, or the person's who runs it.</summary>
    [JsonPropertyName("owned_by")]
    public string OwnedBy => IsEmbedded ? "controlnetsharp" : "local";
}

/// <summary>A condition kind with all that can be chosen for it.</summary>
/// <param name="Kind">What units name it by.</param>
/// <param name="Aliases">Other names.</param>
/// <param name="Meaning">What its hints show.</param>
/// <param name="Annotators">What makes them.</param>
/// <param name="Models">The ControlNet that is taken where none is named, for each base model that has one.</param>
/// <param name="ControlNets">The ControlNets whose names say that they are of this kind; for <c>hint</c> all.</param>
/// <param name="TakesNetwork">Whether it needs a ControlNet; where not, every model can look at the picture.</param>
/// <param name="Members">Of the members of a unit that not all kinds have, those of this one.</param>
internal sealed record ControlView(
    string Kind,
    IReadOnlyList<string> Aliases,
    string Meaning,
    IReadOnlyList<AnnotatorView> Annotators,
    IReadOnlyList<ControlModelView> Models,
    IReadOnlyList<string> ControlNets,
    bool TakesNetwork,
    IReadOnlyList<string> Members
);

/// <summary>An annotator.</summary>
/// <param name="Name">What units name it by.</param>
/// <param name="IsDefault">Whether it is taken where none is named.</param>
/// <param name="IsForDrawings">Whether it is for drawings of lines.</param>
/// <param name="Meaning">One line.</param>
/// <param name="NeedsDownload">Whether it needs a file that does not come with the program.</param>
/// <param name="IsAvailable">Whether all that it needs is there.</param>
/// <param name="Options">Its numbers.</param>
internal sealed record AnnotatorView(
    string Name,
    bool IsDefault,
    bool IsForDrawings,
    string Meaning,
    bool NeedsDownload,
    bool IsAvailable,
    IReadOnlyList<AnnotatorOptionView> Options
);

/// <summary>A number that an annotator can be given.</summary>
/// <param name="Name">Its key among a unit's options.</param>
/// <param name="Min">Smallest value.</param>
/// <param name="Max">Largest value.</param>
/// <param name="Default">The value where none is given.</param>
/// <param name="Whole">Whether only whole numbers are allowed.</param>
/// <param name="Words">Words for the numbers from 0 on, where it is a choice.</param>
/// <param name="Meaning">One line.</param>
internal sealed record AnnotatorOptionView(
    string Name,
    double Min,
    double Max,
    double Default,
    bool Whole,
    IReadOnlyList<string>? Words,
    string Meaning
);

/// <summary>The ControlNet of a kind for a base model.</summary>
/// <param name="Model">The base model's name.</param>
/// <param name="Name">The ControlNet's.</param>
internal sealed record ControlModelView(string Model, string Name);

/// <summary>Something that requests choose by name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Aliases">Other names.</param>
/// <param name="Meaning">One line, where there is more to say.</param>
internal sealed record ChoiceView(string Name, IReadOnlyList<string> Aliases, string? Meaning = null);

/// <summary>What a member of a request may be.</summary>
internal sealed record RangeView
{
    public double? Min { get; init; }
    public double? Max { get; init; }

    /// <summary>Only multiples of this.</summary>
    public double? Step { get; init; }

    /// <summary>Whether only whole numbers are allowed; of numbers.</summary>
    public bool? Whole { get; init; }

    /// <summary>All values; of choices.</summary>
    public IReadOnlyList<string>? Words { get; init; }

    /// <summary>The value where none is given; null where that depends on the rest.</summary>
    public object? Default { get; init; }
}

/// <summary>A worker that was heard of lately.</summary>
/// <param name="Id">Machine, process, device.</param>
/// <param name="Names">What it has: models, ControlNets, kinds of jobs.</param>
internal sealed record WorkerView(string Id, IReadOnlyList<string> Names);

/// <summary>The queue in numbers.</summary>
/// <param name="Queued">Jobs that wait.</param>
/// <param name="Running">Jobs that workers have.</param>
/// <param name="OldestSeconds">How long the oldest of those that wait has waited.</param>
/// <param name="Bound">How many may wait.</param>
internal sealed record QueueView(long Queued, long Running, double OldestSeconds, int Bound);

/// <summary>What this server is.</summary>
/// <param name="Version">Of the program.</param>
/// <param name="Owner">Whose jobs the caller's are.</param>
/// <param name="Models">How many models can be asked for.</param>
/// <param name="Limits">What is refused beyond.</param>
/// <param name="Features">The kinds of jobs that can be handed in.</param>
internal sealed record ServerView(
    string Version,
    string Owner,
    int Models,
    LimitsView Limits,
    IReadOnlyList<string> Features
);

/// <summary>Bounds of a server.</summary>
/// <param name="Queue">Jobs that may wait.</param>
/// <param name="BodyBytes">Bytes of a call with its pictures.</param>
/// <param name="Pixels">Pixels of a picture that is sent or made.</param>
internal sealed record LimitsView(int Queue, long BodyBytes, long Pixels);
