using ControlNetSharp.Requests;

namespace ControlNetSharp.Engine;

/// <summary>What the text of another program asks for.</summary>
/// <param name="Request">The request, without what cannot be honoured.</param>
/// <param name="Losses">All that cannot be honoured.</param>
/// <param name="HasSameNoise">
/// Whether its noise was drawn as here, as <see cref="InfotextRequest.HasSameNoise"/> says it.
/// </param>
public sealed record ForeignRequest(GenerationRequest Request, IReadOnlyList<InfotextLoss> Losses, bool HasSameNoise);
