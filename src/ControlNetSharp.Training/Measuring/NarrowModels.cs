using ControlNetSharp.Networks;

namespace ControlNetSharp.Measuring;

/// <summary>
/// Which models are computed by two workers. The layers of a narrow one are too small to be shared by threads; two
/// workers with one libtorch thread each are faster than one with two.
/// </summary>
internal static class NarrowModels
{
    private const int MostChannels = 128;

    /// <summary>Whether two workers are faster than one.</summary>
    public static bool AreFasterSideBySide(UNetParams p) => p.ModelChannels <= MostChannels;
}
