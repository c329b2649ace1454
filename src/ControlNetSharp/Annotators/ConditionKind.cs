using ControlNetSharp.Checkpoints.Controls;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Annotators;

/// <summary>A kind of hint. Adding one is one row here; a program adds its own by <see cref="Register"/>.</summary>
/// <param name="Name">The name on the command line, in JSON and in file names.</param>
/// <param name="Aliases">Other names for it, as other programs use.</param>
/// <param name="Meaning">What its hints show.</param>
public sealed record ConditionKind(string Name, IReadOnlyList<string> Aliases, string Meaning)
{
    private static readonly OpenTable<ConditionKind> Table = new(
        [
            new("canny", [], "edges: white lines on black"),
            new("hough", ["mlsd"], "straight lines: white on black"),
            new("hed", ["softedge"], "soft edges: bright on black"),
            new("scribble", [], "rough strokes: white on black"),
            new("pose", ["openpose"], "coloured skeletons on black"),
            new("segmentation", ["seg"], "areas in the colours of ADE20K"),
            new("normal", ["normalbae"], "surface directions as colours"),
            new("depth", [], "near is bright, far is dark"),
            new("lineart", ["lineart_anime"], "drawn lines: white on black"),
            new("tile", ["blur"], "the picture itself, coarse: detail is made anew"),
            new("inpaint", [], "the picture itself, with holes that are filled"),
            new("recolor", [], "grey: colours are made anew"),
            new("shuffle", [], "the picture in disorder: its colours and textures count"),
            new("ip2p", ["instructp2p"], "the picture itself; the prompt says what to change") { IsPicture = true },
            new("brightness", [], "light and dark"),
            new("qr", ["qrcode"], "a pattern of light and dark, such as a QR code") { IsPicture = true },
            new("color", ["colour"], "large squares of colour"),
            new(
                IpAdapterFile.Kind,
                ["ip-adapter", "ip_adapter", "ipadapter"],
                "a picture that counts as a part of the prompt does: what is in it, and its style"
            )
            {
                IsPicture = true,
            },
            new("reference", [], "a picture that the new one is to resemble; no ControlNet") { TakesNetwork = false },
            new("hint", [], "any picture as it is") { IsPicture = true },
        ],
        kind => kind.Aliases.Prepend(kind.Name)
    );

    /// <summary>Whether its hints are pictures as they are, so that it has no annotator.</summary>
    public bool IsPicture { get; init; }

    /// <summary>
    /// Whether its hints go into a network that controls; where not, the model itself looks at the picture.
    /// </summary>
    public bool TakesNetwork { get; init; } = true;

    /// <summary>
    /// Names of ControlNets for it, without extension, that are looked for in the folders of the models where a unit
    /// names none; of one's own, beside those that are published.
    /// </summary>
    public IReadOnlyList<string> ControlNets { get; init; } = [];

    /// <summary>All kinds, in the order in which they are listed to people.</summary>
    public static IReadOnlyList<ConditionKind> All => Table.Rows;

    /// <summary>
    /// Adds a kind to those that requests, lists and web APIs of this process know, usually when a program starts.
    /// </summary>
    /// <param name="kind">The kind. Its name stands in file names, too: small letters, digits and underscores.</param>
    /// <returns>Takes it out again when it is disposed.</returns>
    /// <exception cref="ArgumentException">A name cannot be one, or is that of another kind.</exception>
    public static IDisposable Register(ConditionKind kind)
    {
        ArgumentNullException.ThrowIfNull(kind);
        static bool IsPlain(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_';
        return kind.Name.All(IsPlain)
            ? Table.Add(kind)
            : throw new ArgumentException(
                $"The name '{kind.Name}' of {nameof(kind)} must be of small letters, digits and underscores.",
                nameof(kind)
            );
    }

    /// <summary>Finds a kind by name or alias, in any case.</summary>
    /// <param name="name">Such as <c>canny</c> or <c>mlsd</c>.</param>
    /// <exception cref="ArgumentException">Unknown: the message lists the kinds.</exception>
    public static ConditionKind Find(string name) =>
        All.FirstOrDefault(kind => kind.IsCalled(name))
        ?? throw new UnknownNameException(
            name,
            $"there is no such condition kind; must be one of {string.Join(", ", All.Select(Listed))}."
        );

    /// <summary>Whether this is the kind's name or one of its aliases, in any case.</summary>
    /// <param name="name">Such as <c>openpose</c>.</param>
    public bool IsCalled(string name) =>
        Name.Equals(name, StringComparison.OrdinalIgnoreCase)
        || Aliases.Contains(name, StringComparer.OrdinalIgnoreCase);

    private static string Listed(ConditionKind kind) =>
        kind.Aliases.Count == 0 ? kind.Name : $"{kind.Name} ({string.Join(", ", kind.Aliases)})";
}
