using ControlNetSharp.Checkpoints;
using ControlNetSharp.Pictures;
using ControlNetSharp.Scenes;
using static TorchSharp.torch;

namespace ControlNetSharp.Evaluation;

/// <summary>
/// Says what pictures of the scenes' world show, by a small network of its own that no generator was trained with.
/// Threads may ask at the same time.
/// </summary>
public sealed class SceneClassifier : IDisposable
{
    /// <summary>The name of its file, which lies beside the embedded model's.</summary>
    public const string FileName = "classifier.safetensors";

    private readonly SceneClassifierNetwork _network;

    /// <summary>Uses a network, which it then owns.</summary>
    public SceneClassifier(SceneClassifierNetwork network) => _network = network;

    /// <summary>Loads the network.</summary>
    /// <param name="path">A file as the training of the embedded model writes it.</param>
    /// <exception cref="CheckpointException">The file is not one.</exception>
    public static SceneClassifier Load(string path) =>
        new(
            CheckpointLoader.LoadNetwork(
                path,
                "the classifier of scenes",
                (_, placement) => new SceneClassifierNetwork(placement)
            )
        );

    /// <summary>Looks at a picture.</summary>
    /// <param name="picture">Any size; it is seen at 256 x 256. Borrowed.</param>
    public SceneView Look(Picture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        const int Side = SceneClassifierNetwork.PictureSize;
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var seen =
            (picture.Width, picture.Height) == (Side, Side)
                ? picture
                : PictureResizing.Resize(
                    picture,
                    Side,
                    Side,
                    picture.Width > Side ? Interpolation.Area : Interpolation.Cubic
                );
        var classes = _network.Forward(PictureTensors.ToPicture(seen));
        int Most(Tensor head) => (int)head.argmax(1).item<long>();
        return new SceneView(
            classes.Features.data<float>().ToArray(),
            (SceneKind)Most(classes.Kinds),
            (SceneTime)Most(classes.Times),
            (SceneStyle)Most(classes.Styles),
            Most(classes.Colours),
            // Above even odds.
            [.. classes.Things.contiguous().data<float>().ToArray().Select(odds => odds > 0)]
        );
    }

    /// <summary>The network.</summary>
    public void Dispose() => _network.Dispose();
}

/// <summary>What <see cref="SceneClassifier"/> sees in a picture.</summary>
/// <param name="Features">192 numbers, by which sets of pictures can be compared: <see cref="KernelDistance"/>.</param>
/// <param name="Kind">What it is mainly about.</param>
/// <param name="Time">Time of day or weather.</param>
/// <param name="Style">How it is drawn.</param>
/// <param name="Colour">The colour of the main thing: a number in <see cref="SceneVocabulary.Colours"/>.</param>
/// <param name="Things">Whether each of <see cref="SceneVocabulary.Things"/> is there.</param>
public sealed record SceneView(
    float[] Features,
    SceneKind Kind,
    SceneTime Time,
    SceneStyle Style,
    int Colour,
    IReadOnlyList<bool> Things
);
