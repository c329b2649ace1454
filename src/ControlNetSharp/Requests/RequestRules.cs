using System.Globalization;
using ControlNetSharp.Annotators;
using ControlNetSharp.Checkpoints.Controls;
using ControlNetSharp.Runtime;
using ControlNetSharp.Samplers;
using ControlNetSharp.Text;

namespace ControlNetSharp.Requests;

/// <summary>
/// What a request may ask for: here is what no single value shows, and <see cref="MemberRanges"/> looks at each alone.
/// Everything is told from the request, before a file is opened.
/// </summary>
internal static class RequestRules
{
    private const int MostFurtherPictures = 15;

    /// <summary>Each is a side more in every call of the networks.</summary>
    private const int MostRegions = 8;

    /// <summary>Checks a whole request.</summary>
    /// <exception cref="RequestException">
    /// A value is not allowed, or parts do not go together; the member, its value and what is allowed are named.
    /// </exception>
    public static void Check(this GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        MemberRanges.Check(request, "");
        CheckSize(request);
        CheckSampling(request);
        CheckPasses(request);
        CheckUpscale(request);
        SavingRules.Check(request);
        Require(
            request.StyleAlignment is null || request.Batch > 1,
            "styleAlignment",
            null,
            "aligns the pictures of a batch; it needs a batch of at least 2."
        );
        CheckRegions(request.Regions);
        foreach (var (index, unit) in request.Units.Index())
        {
            CheckUnit(unit, $"units[{index}]");
        }

        RequestRows.Check(request);
    }

    private static void CheckRegions(IReadOnlyList<PromptRegion> regions)
    {
        Require(regions.Count <= MostRegions, "regions", regions.Count, $"at most {MostRegions} regions are taken.");
        foreach (var (index, region) in regions.Index())
        {
            var path = $"regions[{index}]";
            MemberRanges.Check(region, path);
            var lora = ExtraNetworks.FirstIn(region.Prompt);
            Require(
                lora is null,
                path + ".prompt",
                lora,
                "LoRAs act on the whole picture and can be named in its prompt alone."
            );
        }
    }

    /// <summary>Checks a unit alone.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="path">Where it stands, such as <c>units[1]</c>.</param>
    /// <exception cref="RequestException">A value is not allowed.</exception>
    internal static void CheckUnit(ControlUnit unit, string path)
    {
        MemberRanges.Check(unit, path);
        var kind = Named(path + ".kind", unit.Kind, ConditionKind.Find);
        Require(
            unit.Start <= unit.End,
            path + ".start",
            unit.Start,
            $"start must not be after end ({Text(unit.End)})."
        );
        var annotators = UnitAnnotator.Candidates(unit, kind, path);
        var isHint =
            kind.Name == ControlUnit.HintKind
            || unit.Annotator?.Equals(ControlUnit.NoAnnotator, StringComparison.OrdinalIgnoreCase) == true;
        Require(
            !isHint || unit.Resolution is null,
            path + ".resolution",
            unit.Resolution,
            "resolution is for annotators; a picture that already is the hint is brought to the size of the result."
        );
        Require(
            isHint || unit.Holes is null,
            path + ".inpaint",
            unit.Holes?.Path,
            $"inpaint is for hints that are pictures as they are: the kind {ControlUnit.HintKind}, or annotator=none."
        );
        Require(
            kind.Name != ControlUnit.HintKind || unit.Model is not null,
            path + ".model",
            null,
            $"a unit of the kind {ControlUnit.HintKind} needs a model."
        );
        UnitAnnotator.CheckOptions(unit, annotators, path);
        StrengthRules.Check(unit, kind, path);
        CheckPictures(unit, path);
        if (!kind.TakesNetwork)
        {
            CheckWithoutNetwork(unit, kind, path);
        }
    }

    /// <summary>What is said of a network's tensors can mean nothing where there is none.</summary>
    private static void CheckWithoutNetwork(ControlUnit unit, ConditionKind kind, string path)
    {
        var none = $"the kind {kind.Name} has no ControlNet";
        // No name at all is how a hint alone is asked for.
        Require(unit.Model is null or "", path + ".model", unit.Model, $"{none}.");
        Require(unit.Layers is null, path + ".layers", null, $"{none}, whose layers they could be.");
        Require(
            unit.Pooling != ResidualPooling.Average,
            path + ".pooling",
            unit.Pooling,
            $"{none}, whose residuals could be averaged."
        );
    }

    /// <summary>What IP-Adapters alone have, and what they have not.</summary>
    private static void CheckPictures(ControlUnit unit, string path)
    {
        const string only = "is for IP-Adapters, the kind " + IpAdapterFile.Kind + ".";
        if (!unit.IsForIpAdapter)
        {
            var more = unit.MorePictures ?? [];
            Require(more.Count == 0, path + ".more", more.Count, "more " + only);
            Require(unit.Combine == default, path + ".combine", unit.Combine, "combine " + only);
            Require(unit.Transfer == default, path + ".transfer", unit.Transfer, "transfer " + only);
            return;
        }

        Require(
            unit.MorePictures is not { Count: > MostFurtherPictures },
            path + ".more",
            unit.MorePictures?.Count,
            $"at most {MostFurtherPictures} further pictures are taken."
        );
        Require(
            unit.Mode == ControlMode.Balanced,
            path + ".mode",
            unit.Mode,
            "an IP-Adapter acts on both sides of the guidance, as it was trained; its only mode is balanced."
        );
        Require(
            unit.Pooling != ResidualPooling.Average,
            path + ".pooling",
            unit.Pooling,
            "an IP-Adapter has no residuals."
        );
        Require(
            unit.Layers is null || unit.Transfer == PictureTransfer.All,
            path + ".layers",
            null,
            $"transfer={RequestValues.WordOf(unit.Transfer)} already says in which layers it acts; give one of both."
        );
    }

    private static void CheckSize(GenerationRequest request)
    {
        if (request.Size is not { } size)
        {
            return;
        }

        Require(size.IsAllowed, "size", size, PictureSize.Allowed);
        if (request.Hires is { } hires)
        {
            var larger = hires.SizeOf(size);
            Require(
                Math.Max(larger.Width, larger.Height) <= PictureSize.Most,
                "hires.scale",
                hires.Scale,
                $"makes {larger.Width} x {larger.Height} pixels of {size.Width} x {size.Height}; each side must be at "
                    + $"most {PictureSize.Most}."
            );
        }
    }

    private static void CheckSampling(GenerationRequest request)
    {
        var (sampler, scheduler) = Resolve(request);
        var fresh = SamplerCatalogue.Samplers.Where(row => row.DefaultEta is not null);
        Require(
            request.Eta is null || sampler.DefaultEta is not null,
            "eta",
            request.Eta,
            "is for samplers that draw fresh noise by it, "
                + $"{string.Join(", ", fresh.Select(row => row.Name))}; the sampler is {sampler.Name}."
        );
        Require(
            request.Steps <= scheduler.MostSteps,
            "steps",
            request.Steps,
            $"must be from 1 to {scheduler.MostSteps} with the scheduler {scheduler.Name}."
        );
        if (request.Hires is not { } hires)
        {
            return;
        }

        RequireName("hires.upscaler", hires.Upscaler);
        // All steps of the second pass are run, so the whole schedule has more of them.
        var steps = hires.Steps ?? request.Steps;
        Require(
            hires.Denoise == 0 || steps / hires.Denoise <= scheduler.MostSteps,
            "hires.denoise",
            hires.Denoise,
            $"is too little for {steps} steps: steps divided by denoise must be at most {scheduler.MostSteps} with the "
                + $"scheduler {scheduler.Name}."
        );
    }

    /// <summary>What goes together with a pass over tiles, and what it makes.</summary>
    private static void CheckUpscale(GenerationRequest request)
    {
        if (request.Upscale is not { } upscale)
        {
            return;
        }

        const string member = "upscale";
        Require(request.Hires is null, member, null, "cannot be given together with hires: one of them enlarges.");
        Require(!request.Tiling, member, null, "cannot be given together with tiling.");
        if (request.Initial is { } initial)
        {
            Require(initial.Mask is null, "initial.mask", null, "upscale makes the whole picture anew.");
            Require(
                initial.Denoise == new InitialPicture { Picture = initial.Picture }.Denoise,
                "initial.denoise",
                initial.Denoise,
                "upscale enlarges the initial picture as it is; upscale.denoise says how much is made anew."
            );
            Require(
                request.Units.Count == 0,
                "units",
                null,
                "units control the first pass, and upscale enlarges the initial picture without one; upscale.control "
                    + "controls the tiles."
            );
        }

        CheckTiles(upscale);
        CheckPictureUpscaler("upscale.upscaler", upscale.Upscaler);
        Require(
            upscale.Control is not null || upscale.ControlModel is null,
            "upscale.controlModel",
            upscale.ControlModel,
            "needs upscale.control: what its hints show."
        );
        if (upscale.Control is { } control)
        {
            var kind = Named("upscale.control", control, ConditionKind.Find);
            Require(
                kind.Name != ControlUnit.HintKind || upscale.ControlModel is not null,
                "upscale.controlModel",
                null,
                $"a control of the kind {ControlUnit.HintKind} needs a model."
            );
        }

        if (request.Size is { } size && upscale.SizeOf(size) is var larger)
        {
            Require(
                Math.Max(larger.Width, larger.Height) <= UpscalePass.MostSide,
                "upscale.scale",
                upscale.Scale,
                $"makes {larger.Width} x {larger.Height} pixels of {size.Width} x {size.Height}; each side must be at "
                    + $"most {UpscalePass.MostSide}."
            );
        }
    }

    private static void CheckTiles(UpscalePass upscale)
    {
        foreach (var (name, value) in new[] { ("tile", upscale.Tile), ("overlap", upscale.Overlap) })
        {
            Require(
                value is not { } pixels || pixels % PictureSize.Step == 0,
                $"upscale.{name}",
                value,
                $"must be a multiple of {PictureSize.Step}."
            );
        }

        Require(
            upscale.Tile is not { } tile || 2 * upscale.Overlap <= tile,
            "upscale.overlap",
            upscale.Overlap,
            $"must be at most half of tile ({upscale.Tile})."
        );
    }

    /// <summary>Refuses what cannot enlarge a picture; a name that no row has is that of a file.</summary>
    internal static void CheckPictureUpscaler(string member, string name)
    {
        RequireName(member, name);
        var pixels = UpscalerCatalogue.All.Where(row => row.Pixels is not null).Select(row => row.Name);
        Require(
            UpscalerCatalogue.LookFor(name) is not { Pixels: null },
            member,
            name,
            $"works on latents; a picture is enlarged by a file, or by one of {string.Join(", ", pixels)}."
        );
    }

    private static void RequireName(string member, string name) =>
        Require(!string.IsNullOrWhiteSpace(name), member, name, "must be a name.");

    private static (SamplerEntry Sampler, SchedulerEntry Scheduler) Resolve(GenerationRequest request)
    {
        Named("sampler", request.Sampler, name => SamplerCatalogue.Resolve(name, SamplerCatalogue.Automatic));
        return Named("scheduler", request.Scheduler, name => SamplerCatalogue.Resolve(request.Sampler, name));
    }

    private static void CheckPasses(GenerationRequest request)
    {
        Require(
            request.Initial is null || request.Hires is null,
            "hires",
            null,
            "cannot be given together with initial: a larger size does the same."
        );
        var largest = Seeds.Largest - (request.Pictures - 1);
        Require(
            request.Seed is not { } seed || seed <= largest,
            "seed",
            request.Seed,
            $"must be a whole number from 0 to {largest} with {request.Pictures} pictures, whose seeds count on from "
                + "it."
        );
    }

    /// <summary>Looks a name up whose table says what is known.</summary>
    internal static T Named<T>(string member, string name, Func<string, T> find)
    {
        try
        {
            return find(name);
        }
        catch (UnknownNameException e)
        {
            throw new RequestException(member, name, e.Problem, e);
        }
    }

    /// <summary>A value as people write it.</summary>
    internal static string Text(object value) => Convert.ToString(value, CultureInfo.InvariantCulture)!;

    internal static void Require(bool holds, string member, object? value, string problem)
    {
        if (!holds)
        {
            throw new RequestException(member, value is null ? null : Text(value), problem);
        }
    }
}
