using System.CommandLine;
using System.Reflection;
using ControlNetSharp.Requests;
using ControlNetSharp.Runtime;

namespace ControlNetSharp.Cli;

/// <summary>The options of <c>controlnet generate</c>.</summary>
internal static class GenerateOptions
{
    public static readonly Option<string?> Prompt = new("--prompt", "-p") { Description = "What the picture shows." };
    public static readonly Option<string?> Negative = new("--negative", "-n")
    {
        Description = "What it does not show.",
    };
    public static readonly Option<string[]> Control = new(UnitText.Option, "-c")
    {
        Description =
            "A control unit: KIND=PICTURE[,weight=,start=,end=,mode=,model=,annotator=none,resize=,…] or @unit.json. "
            + "May be given several times.",
    };
    public static readonly Option<string[]> Region = new(RegionText.Option)
    {
        Description =
            "A part of the picture with a prompt of its own: PROMPT,mask=PICTURE[,weight=,negative=] or @region.json. "
            + "May be given several times.",
    };
    public static readonly Option<string?> Model = new("--model", "-m")
    {
        Description = "pocket (embedded, the default), or a checkpoint: a path, a name in --models, or a hash.",
    };
    public static readonly Option<string?> Vae = new("--vae")
    {
        Description = "A checkpoint whose Autoencoder replaces the model's own.",
    };
    public static readonly Option<string?> Prediction = new("--prediction")
    {
        Description =
            "What the UNet predicts: auto (default: what the model's metadata says, else epsilon), epsilon or v.",
    };
    public static readonly Option<string?> Size = new("--size")
    {
        Description = "WIDTHxHEIGHT, multiples of 8; default: the model's native size in the first hint's shape.",
    };
    public static readonly Option<string?> OriginalSize = new("--original-size")
    {
        Description =
            "WIDTHxHEIGHT[+LEFT+TOP]: the size and crop that SDXL is told the picture had; default: the result's, "
            + "uncropped.",
    };
    public static readonly Option<string?> Steps = new("--steps")
    {
        Description = $"Steps, {Range(nameof(GenerationRequest.Steps))}; default 20.",
    };
    public static readonly Option<string?> Sampler = new("--sampler") { Description = "Sampler; default Euler." };
    public static readonly Option<string?> Scheduler = new("--scheduler")
    {
        Description = "Scheduler; default automatic.",
    };
    public static readonly Option<string?> Eta = new("--eta")
    {
        Description =
            $"Fresh noise of samplers that draw any, {Range(nameof(GenerationRequest.Eta))}; default the sampler's.",
    };
    public static readonly Option<string?> Guidance = new("--cfg")
    {
        Description =
            $"Guidance scale, {Range(nameof(GenerationRequest.GuidanceScale))}; default the model's own, else 7.",
    };
    public static readonly Option<string?> Seed = new("--seed")
    {
        Description = $"Seed, 0 to {Seeds.Largest}; default, and -1: random, and printed.",
    };
    public static readonly Option<string?> Batch = new("--batch")
    {
        Description = $"Pictures computed together, {Range(nameof(GenerationRequest.Batch))}; default 1.",
    };
    public static readonly Option<string?> Count = new("--count")
    {
        Description = $"Batches one after another, {Range(nameof(GenerationRequest.Count))}; default 1.",
    };
    public static readonly Option<string?> ClipSkip = new("--clip-skip")
    {
        Description = "Block of the text encoder that counts as the last (1 = last).",
    };
    public static readonly Option<bool> Tiling = new("--tiling")
    {
        Description = "The picture can be laid side by side without seams.",
    };
    public static readonly Option<string?> Cache = new("--cache")
    {
        Description =
            $"Every how many steps all of the networks runs, {Range(nameof(GenerationRequest.Cache))}; default 1: "
            + "faster, and another picture.",
    };
    public static readonly Option<string?> TokenMerging = new("--token-merging")
    {
        Description =
            "Share of the tokens that the largest self-attention does without, "
            + $"{Range(nameof(GenerationRequest.TokenMerging))}; default 0. Faster, and another picture.",
    };
    public static readonly Option<string?> Init = new("--init")
    {
        Description = "Picture to start from (img2img); with --mask it is repainted in part.",
    };
    public static readonly Option<string?> Denoise = new("--denoise")
    {
        Description = "How much of --init is given up, 0 to 1; default 0.75. Of N steps int(denoise * N) + 1 are run.",
    };
    public static readonly Option<string?> Mask = new("--mask")
    {
        Description = "Picture whose white part of --init is repainted; needs --init.",
    };
    public static readonly Option<string?> MaskBlur = new("--mask-blur")
    {
        Description = "Softness of the mask's border, 0 to 64 pixels; default 4.",
    };
    public static readonly Option<string?> MaskedContent = new("--masked-content")
    {
        Description = "What lies under the mask at the start: original (default), fill, noise or nothing.",
    };
    public static readonly Option<bool> OnlyMasked = new("--only-masked")
    {
        Description =
            "Makes only the surroundings of the mask, at the size of --size, and puts them back into the whole "
            + "picture.",
    };
    public static readonly Option<string?> MaskPadding = new("--mask-padding")
    {
        Description = "With --only-masked: how much around the mask is looked at, 0 to 256 pixels; default 32.",
    };
    public static readonly Option<string?> StyleAlign = new("--style-align")
    {
        Description =
            "Gives the pictures of a batch one style: first (all see the first) or all (all see each other), then "
            + "[,scale=X,shift=X,plain=X,adapts=true|false,values=…,norms=…]; defaults 1, 0, 0, true, false, false.",
    };
    public static readonly Option<string?> Hires = new("--hires")
    {
        Description =
            "A second pass at a larger size: SCALE[,denoise=X,steps=N,upscaler=NAME|FILE]; defaults 0.7, those of "
            + "--steps, latent.",
    };
    public static readonly Option<string?> Upscale = new("--upscale")
    {
        Description =
            "A last pass that enlarges the picture, or --init, tile by tile: SCALE[,tile=N,overlap=N,denoise=X,steps=N,"
            + "upscaler=NAME|FILE,control=KIND,model=FILE,weight=X]; defaults: the model's native size, 64, 0.4, those "
            + "of --steps, lanczos, no control.",
    };
    public static readonly Option<string?> Request = new("--request")
    {
        Description = "The request as JSON: a file, or - for standard input. Options beside it count more.",
    };
    public static readonly Option<bool> PrintRequest = new("--print-request")
    {
        Description = "Prints the request as JSON and makes nothing.",
    };
    public static readonly Option<string?> Replay = new("--replay")
    {
        Description =
            "A picture of an earlier run, which is made again, pixel for pixel; of another program's, as far as its "
            + "parameters go.",
    };
    public static readonly Option<bool> Lenient = new("--lenient")
    {
        Description = "With --replay: leaves out what another program's parameters ask for and cannot be honoured.",
    };
    public static readonly Option<string?> Out = new("--out", "-o")
    {
        Description = "File (.png) or folder for the result; default: a new file in the present folder.",
    };
    public static readonly Option<string?> Models = new("--models")
    {
        Description =
            "Folder in which models, ControlNets, annotators' weights, and the LoRAs and embeddings that prompts name "
            + "are searched.",
    };
    public static readonly Option<bool> SaveMaps = new("--save-maps") { Description = "Writes the hints, too." };
    public static readonly Option<string?> Manifest = new("--manifest")
    {
        Description =
            "What the picture keeps of the pictures that went in: embed (default: their pixels) or link (paths and "
            + "SHA-256).",
    };

    /// <summary>Those that say what the picture is.</summary>
    public static IReadOnlyList<Option> OfRequest { get; } =
    [
        Prompt,
        Negative,
        Control,
        Model,
        Region,
        Size,
        OriginalSize,
        Steps,
        Sampler,
        Scheduler,
        Eta,
        Guidance,
        Seed,
        Batch,
        Count,
        Init,
        Denoise,
        Mask,
        MaskBlur,
        MaskedContent,
        OnlyMasked,
        MaskPadding,
        Hires,
        Upscale,
        StyleAlign,
        Tiling,
        Cache,
        TokenMerging,
        ClipSkip,
        Prediction,
        Vae,
    ];

    /// <summary>All of them, in the order of the help.</summary>
    public static IEnumerable<Option> All =>
        [
            .. OfRequest.Take(4),
            Out,
            .. OfRequest.Skip(4),
            Models,
            SaveMaps,
            Manifest,
            Request,
            PrintRequest,
            Replay,
            Lenient,
            OutputPlace.Overwrite,
        ];

    private static string Range(string property) => MemberRanges.Of(typeof(GenerationRequest).GetProperty(property)!)!;
}
