using System.Text.Json.Nodes;

namespace ControlNetSharp.Client;

/// <summary>A model that requests can name.</summary>
/// <param name="Name">What requests name it by.</param>
/// <param name="Title">What people read.</param>
/// <param name="Family">Such as SD 1.x; null where the server does not have its file.</param>
/// <param name="NativeSize">The usual width and height of its pictures.</param>
/// <param name="IsEmbedded">Whether it comes with the program.</param>
/// <param name="Prediction">epsilon or v, where the file says it.</param>
/// <param name="GuidanceScale">That of requests that name none; null where the server does not have its file.</param>
public sealed record Model(
    string Name,
    string Title,
    string? Family = null,
    int? NativeSize = null,
    bool IsEmbedded = false,
    string? Prediction = null,
    double? GuidanceScale = null
);

/// <summary>A condition kind with all that can be chosen for it.</summary>
/// <param name="Kind">What units name it by.</param>
/// <param name="Aliases">Other names.</param>
/// <param name="Meaning">What its hints show.</param>
/// <param name="Annotators">What makes them.</param>
/// <param name="Models">The ControlNet that is taken where none is named, for each base model that has one.</param>
/// <param name="ControlNets">ControlNets of this kind by name; for the kind hint all.</param>
/// <param name="TakesNetwork">Whether it needs a ControlNet; where not, every model can look at the picture.</param>
/// <param name="Members">
/// Of the members of a unit that not all kinds have, those of this one; null where the server does not say it.
/// </param>
public sealed record Control(
    string Kind,
    IReadOnlyList<string> Aliases,
    string Meaning,
    IReadOnlyList<Annotator> Annotators,
    IReadOnlyList<ControlModel> Models,
    IReadOnlyList<string> ControlNets,
    bool TakesNetwork = true,
    IReadOnlyList<string>? Members = null
);

/// <summary>An annotator.</summary>
/// <param name="Name">What units name it by.</param>
/// <param name="IsDefault">Whether it is taken where none is named.</param>
/// <param name="IsForDrawings">Whether it is for drawings of lines.</param>
/// <param name="Meaning">One line.</param>
/// <param name="NeedsDownload">Whether it needs a file that does not come with the program.</param>
/// <param name="IsAvailable">Whether all that it needs is there.</param>
/// <param name="Options">Its numbers.</param>
public sealed record Annotator(
    string Name,
    bool IsDefault,
    bool IsForDrawings,
    string Meaning,
    bool NeedsDownload,
    bool IsAvailable,
    IReadOnlyList<AnnotatorOption> Options
);

/// <summary>A number that an annotator can be given.</summary>
/// <param name="Name">Its key among a unit's options.</param>
/// <param name="Min">Smallest value.</param>
/// <param name="Max">Largest value.</param>
/// <param name="Default">The value where none is given.</param>
/// <param name="Whole">Whether only whole numbers are allowed.</param>
/// <param name="Meaning">One line.</param>
/// <param name="Words">Words for the numbers from 0 on, where it is a choice.</param>
public sealed record AnnotatorOption(
    string Name,
    double Min,
    double Max,
    double Default,
    bool Whole,
    string Meaning,
    IReadOnlyList<string>? Words = null
);

/// <summary>The ControlNet of a kind for a base model.</summary>
/// <param name="Model">The base model's name.</param>
/// <param name="Name">The ControlNet's.</param>
public sealed record ControlModel(string Model, string Name);

/// <summary>Something that requests choose by name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Aliases">Other names.</param>
/// <param name="Meaning">One line, where there is more to say.</param>
public sealed record Choice(string Name, IReadOnlyList<string> Aliases, string? Meaning = null);

/// <summary>What a member of a request may be.</summary>
/// <param name="Min">Smallest number.</param>
/// <param name="Max">Largest number.</param>
/// <param name="Step">Only multiples of this.</param>
/// <param name="Whole">Whether only whole numbers are allowed.</param>
/// <param name="Words">All values of a choice.</param>
/// <param name="Default">The value where none is given; null where that depends on the rest.</param>
public sealed record MemberRange(
    double? Min = null,
    double? Max = null,
    double? Step = null,
    bool? Whole = null,
    IReadOnlyList<string>? Words = null,
    JsonValue? Default = null
);

/// <summary>A worker that was heard of lately.</summary>
/// <param name="Id">Machine, process, device.</param>
/// <param name="Names">What it has.</param>
public sealed record Worker(string Id, IReadOnlyList<string> Names);

/// <summary>The queue in numbers.</summary>
/// <param name="Queued">Jobs that wait.</param>
/// <param name="Running">Jobs that workers have.</param>
/// <param name="OldestSeconds">How long the oldest of those that wait has waited.</param>
/// <param name="Bound">How many may wait.</param>
public sealed record QueueState(long Queued, long Running, double OldestSeconds, int Bound);

/// <summary>What a server is.</summary>
/// <param name="Version">Of the program.</param>
/// <param name="Owner">Whose jobs the caller's are.</param>
/// <param name="Models">How many models can be asked for.</param>
/// <param name="Limits">What is refused beyond.</param>
/// <param name="Features">The kinds of jobs that can be handed in.</param>
public sealed record ServerInfo(
    string Version,
    string Owner,
    int Models,
    ServerLimits Limits,
    IReadOnlyList<string> Features
);

/// <summary>Bounds of a server.</summary>
/// <param name="Queue">Jobs that may wait.</param>
/// <param name="BodyBytes">Bytes of a call with its pictures.</param>
/// <param name="Pixels">Pixels of a picture that is sent or made.</param>
public sealed record ServerLimits(int Queue, long BodyBytes, long Pixels);

/// <summary>A file that the server keeps for later requests.</summary>
/// <param name="Sha256">By this requests name it.</param>
/// <param name="Size">Bytes.</param>
/// <param name="MediaType">What its first bytes say.</param>
/// <param name="Width">Pixels a row, of pictures.</param>
/// <param name="Height">Rows, of pictures.</param>
public sealed record Upload(string Sha256, long Size, string MediaType, int? Width = null, int? Height = null);

/// <summary>What a picture says of its making.</summary>
/// <param name="Request">A request that can be handed in as it is.</param>
/// <param name="Losses">What of the picture's settings is not in it.</param>
/// <param name="Program">What made the picture.</param>
public sealed record ReadPicture(Generation Request, IReadOnlyList<Loss> Losses, string Program);

/// <summary>A setting of a picture that a request made from it does not have.</summary>
/// <param name="Key">The setting.</param>
/// <param name="Value">Its value.</param>
/// <param name="Reason">Why.</param>
public sealed record Loss(string Key, string Value, string Reason);
