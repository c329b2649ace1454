namespace ControlNetSharp.Models;

/// <summary>A shelf of networks in numbers.</summary>
/// <param name="Hits">Networks that were asked for and there already.</param>
/// <param name="Loads">Networks that had to be loaded.</param>
/// <param name="Bytes">Bytes of those that are loaded now.</param>
internal sealed record ShelfFigures(long Hits, long Loads, long Bytes);
