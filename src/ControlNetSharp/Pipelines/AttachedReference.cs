using ControlNetSharp.Networks;
using ControlNetSharp.Networks.Blocks;
using ControlNetSharp.Networks.Controls;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;
using static TorchSharp.torch;

namespace ControlNetSharp.Pipelines;

/// <summary>
/// Reference pictures without a network: before each step the UNet looks at each of them, as noisy as the latents, and
/// what it saw acts inside of its blocks.
/// </summary>
/// <param name="UNet">The network. Borrowed.</param>
/// <param name="Pictures">
/// Their latents, scaled, [1, 4, h, w] each; behind them what an inpainting UNet takes beside noisy ones. Borrowed.
/// </param>
/// <param name="Noise">
/// Standard normal noise for a step of the run: [1 or B, 4, h, w], float32, on the device; fresh.
/// </param>
/// <param name="Params">What of them counts, and by whose rule; where it does is said by the weight.</param>
/// <param name="Fidelity">
/// How much the unconditional side does without them, 0..1: as <see cref="ReferenceParams.Fidelity"/>, for the pass.
/// </param>
/// <param name="Strength">How strongly and when it acts.</param>
internal sealed record AttachedReference(
    UNet UNet,
    IReadOnlyList<Tensor> Pictures,
    Func<int, Tensor> Noise,
    ReferenceParams Params,
    double Fidelity,
    ControlStrength Strength
) : HintedControl(Strength)
{
    /// <summary>
    /// The fidelity in a pass: the modes control and prompt have their own. Source: sd-webui-controlnet, "reference"
    /// (behaviour).
    /// </summary>
    public static double FidelityIn(ControlPasses pass, ControlMode mode, ReferenceParams p, UNetParams model) =>
        mode switch
        {
            ControlMode.Control => 1,
            ControlMode.Prompt => 0,
            _ when p.Rule != ReferenceRule.WebUi => p.Fidelity,
            _ when pass == ControlPasses.High => 0,
            _ when model.VectorChannels is not null => Math.Pow(p.Fidelity, 3),
            _ => p.Fidelity,
        };

    /// <inheritdoc/>
    public override UNetAdditions Additions(UNetCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        var places = ReferencePlaces.Of(UNet.Params, Params, Strength.Weight.At(call.Position));
        var looks = Pictures.Select(picture => Look(picture, places, call)).ToList();
        return new() { Blocks = [new InCall(this, places, looks, call)] };
    }

    /// <summary>What the UNet sees in a picture; its tensors are of the dispose scope.</summary>
    private ReferenceLook Look(Tensor picture, ReferencePlaces places, UNetCall call)
    {
        using var scope = NewDisposeScope();
        var channels = UNet.Params.OutChannels;
        var clean = picture.narrow(1, 0, channels);
        var noisy = clean.Times(call.Level.Alpha).Plus(Noise(call.Step).Times(call.Level.Sigma));
        var beside = picture.narrow(1, channels, picture.shape[1] - channels).expand(noisy.shape[0], -1, -1, -1);
        var input = cat([noisy, beside], 1).to(call.Context.dtype);
        var look = new ReferenceLook(places);
        UNet.Controlled(
            input.repeat([call.Input.shape[0] / input.shape[0], 1, 1, 1]),
            call.Timesteps,
            call.Context,
            new() { Blocks = [look] },
            call.Vector
        );
        foreach (var tensor in look.Tensors)
        {
            scope.Attach(tensor);
            tensor.MoveToOuterDisposeScope();
        }

        return look;
    }

    /// <summary>What it does in one call of the UNet.</summary>
    private sealed class InCall(
        AttachedReference control,
        ReferencePlaces places,
        List<ReferenceLook> looks,
        UNetCall call
    ) : IBlockControl
    {
        /// <inheritdoc/>
        public Tensor Attended(AttentionPlace place, AttentionTensors projected, Func<AttentionTensors, Tensor> attend)
        {
            if (!places.Attention.Contains(place))
            {
                return attend(projected);
            }

            using var scope = NewDisposeScope();
            var wide = looks.Aggregate(
                projected,
                (seen, look) => seen.With(look.Tokens[place].Key, look.Tokens[place].Value)
            );
            var region = control.RegionOf(projected.Height, projected.Width, projected.Query.dtype);
            return Mixed(() => attend(projected), attend(wide), region).MoveToOuterDisposeScope();
        }

        /// <inheritdoc/>
        public Tensor After(StagePlace place, Tensor output)
        {
            if (!places.Statistics.Contains(place))
            {
                return output;
            }

            using var scope = NewDisposeScope();
            // Of several pictures the mean, as in both programs.
            Tensor Of(Func<(Tensor Mean, Tensor Variance), Tensor> part) =>
                looks
                    .Select(look => part(look.Statistics[place]))
                    .Aggregate((sum, one) => sum.Plus(one))
                    .Over(looks.Count);
            var styled = ReferenceLook.Styled(output, Of(seen => seen.Mean), Of(seen => seen.Variance));
            var region = control.Region is null
                ? null
                : control.RegionOf(output.shape[2], output.shape[3]).to(output.dtype);
            return Mixed(() => output, styled, region).MoveToOuterDisposeScope();
        }

        /// <summary>
        /// With the reference where it acts; on the unconditional side as much as the fidelity leaves of it.
        /// </summary>
        private Tensor Mixed(Func<Tensor> plain, Tensor referring, Tensor? region)
        {
            var unconditional = call.Unconditional;
            var leaves = control.Fidelity > 0 && unconditional > 0;
            if (!leaves && region is null)
            {
                return referring;
            }

            var without = plain();
            var acting = region is null ? referring : without.Plus(region * (referring - without));
            if (!leaves)
            {
                return acting;
            }

            Tensor Unconditional(Tensor all) => all.narrow(0, 0, unconditional);
            var side =
                control.Fidelity == 1
                    ? Unconditional(without)
                    : Unconditional(without)
                        .Times(control.Fidelity)
                        .Plus(Unconditional(acting).Times(1 - control.Fidelity));
            return cat([side, acting.narrow(0, unconditional, acting.shape[0] - unconditional)], 0);
        }
    }
}
