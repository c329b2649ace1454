using static ControlNetSharp.Requests.RequestRules;

namespace ControlNetSharp.Requests;

/// <summary>What goes together with computing less.</summary>
internal static class SavingRules
{
    private const string Cache = "cache";
    private const string TokenMerging = "tokenMerging";

    /// <summary>Checks the members of a request that save work.</summary>
    /// <exception cref="RequestException">It does not go together with another member, which is named.</exception>
    public static void Check(GenerationRequest request)
    {
        if (request.Cache > 1)
        {
            const string reason = "a reference is looked at by the whole UNet in each step";
            RequireNo(request.Upscale, "upscale", Cache, request.Cache, "each tile would keep its own features");
            RequireNo(ReferenceIn(request), "a unit of the kind reference", Cache, request.Cache, reason);
        }

        if (request.TokenMerging > 0)
        {
            const string reason = "it needs all tokens";
            RequireNo(request.Upscale, "upscale", TokenMerging, request.TokenMerging, "tiles are small");
            RequireNo(request.StyleAlignment, "styleAlignment", TokenMerging, request.TokenMerging, reason);
            RequireNo(ReferenceIn(request), "a unit of the kind reference", TokenMerging, request.TokenMerging, reason);
        }
    }

    private static ControlUnit? ReferenceIn(GenerationRequest request) =>
        request.Units.FirstOrDefault(unit => unit is { IsOn: true, TakesNetwork: false });

    private static void RequireNo(object? other, string name, string member, object value, string reason) =>
        Require(other is null, member, value, $"cannot be given together with {name}: {reason}.");
}
