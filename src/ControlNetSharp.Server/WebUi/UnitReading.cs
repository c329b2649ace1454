using System.Globalization;
using System.Text.Json;
using ControlNetSharp.Checkpoints.Controls;
using ControlNetSharp.Models;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Server.WebUi;

/// <summary>Makes one control unit of its fields.</summary>
internal sealed class UnitReading(
    ControlModules modules,
    WebUiModels models,
    OptionStore options,
    SliderValues sliders,
    Payload fields,
    int index,
    StartPicture? start,
    List<string> warnings
)
{
    private const byte Dark = 5,
        Light = 250;

    private string Path { get; } = $"units[{index}]";

    public PlannedUnit Read()
    {
        RefuseNotOffered();
        var module = Module();
        WarnOfModel(module);
        var (picture, mask) = Pictures(module);
        picture = Seen(module, picture, ref mask);
        var looks = module.Use == ModuleUse.Look;
        var (resolution, chosen) = sliders.Of(
            module,
            fields.Whole("processor_res")!.Value,
            [fields.Number("threshold_a")!.Value, fields.Number("threshold_b")!.Value],
            warnings
        );
        var unit = new ControlUnit
        {
            Kind = module.Annotator?.Kind ?? (looks ? IpAdapterFile.Kind : ControlUnit.HintKind),
            Annotator = module.Annotator?.Name,
            Picture = picture,
            Model = module.Row.IsModelFree ? null : Model(),
            Options = chosen,
            Weight = fields.Number("weight")!.Value,
            Start = fields.Number("guidance_start")!.Value,
            End = (
                Alias("guidance", "guidance_end") ? fields.Number("guidance") : fields.Number("guidance_end")
            )!.Value,
            Mode = looks ? BalancedMode() : Word(InfotextWords.Mode, "control_mode"),
            Layers = Layers(),
            Resize = Resize(),
            Resolution = fields.Flag("pixel_perfect") == true ? null : resolution,
            Passes = Word(InfotextWords.Passes, "hr_option"),
            Mask = fields.Text("effective_region_mask") is { Length: > 0 } region ? PayloadPictures.Read(region) : null,
            Holes = module.Use == ModuleUse.Inpaint ? mask : null,
            MorePictures = looks ? MorePictures() : null,
        };
        // A reference is no map.
        var savesMap = fields.Flag("save_detected_map") == true && !module.Row.IsModelFree;
        return new PlannedUnit(index, unit, savesMap);
    }

    private void RefuseNotOffered()
    {
        foreach (var (name, off) in UnitFields.NotOffered)
        {
            var value = fields.Text(name)!;
            Require(off.Contains(value, StringComparer.OrdinalIgnoreCase), name, value, "this is not offered here.");
        }

        Require(
            fields.Sent("ipadapter_input") is null,
            "ipadapter_input",
            null,
            "pickled tensors are not read; send a picture."
        );
        Require(
            fields.Flag("inpaint_crop_input_image") == true || start?.IsOnlyMasked != true,
            "inpaint_crop_input_image",
            "false",
            "with inpaint_full_res the control picture is always cut where the picture is."
        );
    }

    private ControlModule Module()
    {
        var name = fields.Text("module")!;
        if (name.Length == 0)
        {
            name = ModuleTable.None;
        }

        var module = modules.Find(name);
        Require(module is not null, "module", name, "Module not available.");
        var why = modules.WhyNot(module!);
        Require(why is null, "module", name, why + ".");
        return module!;
    }

    private void WarnOfModel(ControlModule module)
    {
        var name = fields.Text("model")!;
        if (module.Row.IsModelFree && name.Length > 0 && !InfotextVocabulary.Same(name, UnitRequests.NoModel))
        {
            warnings.Add($"{Path}.model: {module.Row.Name} takes no model; {name} was ignored.");
        }
    }

    private string Model()
    {
        var name = fields.Text("model")!;
        Require(
            name.Length > 0 && !InfotextVocabulary.Same(name, UnitRequests.NoModel),
            "model",
            name,
            "You have not selected any ControlNet Model."
        );
        var found = models.Find(ModelRole.ControlNet, name) ?? Containing(name);
        Require(
            found is not null,
            "model",
            name,
            $"model not found; there are {string.Join(", ", models.ControlNets().Select(model => model.Title))}."
        );
        return found!;
    }

    /// <summary>As there, a part of a name is enough: the shortest name with it counts.</summary>
    private string? Containing(string name) =>
        models
            .ControlNets()
            .Select(model => model.Name)
            .Where(known => known.Contains(name, StringComparison.OrdinalIgnoreCase))
            .MinBy(known => known.Length);

    /// <summary>What the unit looks at, and its mask.</summary>
    private (PictureSource Picture, PictureSource? Mask) Pictures(ControlModule module)
    {
        var name = Alias("input_image", "image") ? "input_image" : "image";
        var maskName = Alias("mask_image", "mask") ? "mask_image" : "mask";
        var (picture, mask) = PictureOf(fields.Sent(name), name);
        mask ??= fields.Sent(maskName) is { } own ? Text(own, maskName) : null;
        if (picture is not null)
        {
            return (PayloadPictures.Read(picture), mask is null ? null : PayloadPictures.Read(mask));
        }

        Require(mask is null, maskName, null, "a mask needs a picture, image.");
        Require(start is not null, "image", null, "there is no picture.");
        return (start!.Picture, module.Use == ModuleUse.Inpaint ? start.Mask : null);
    }

    /// <summary>The pictures behind the first one of a list.</summary>
    private List<PictureSource>? MorePictures()
    {
        var name = fields.Sent("input_image") is null ? "image" : "input_image";
        var isPair =
            fields.Sent(name) is { ValueKind: JsonValueKind.Array } pair
            && pair.GetArrayLength() == 2
            && pair[0].ValueKind == JsonValueKind.String;
        return fields.Sent(name) is { ValueKind: JsonValueKind.Array } sent && !isPair && sent.GetArrayLength() > 1
            ?
            [
                .. sent.EnumerateArray()
                    .Skip(1)
                    .Select(other => PictureOf(other, name).Picture)
                    .OfType<string>()
                    .Select(PayloadPictures.Read),
            ]
            : null;
    }

    /// <summary>There the mode makes no difference to IP-Adapters.</summary>
    private ControlMode BalancedMode()
    {
        if (Word(InfotextWords.Mode, "control_mode") != ControlMode.Balanced)
        {
            warnings.Add($"{Path}.control_mode: an IP-Adapter is always balanced.");
        }

        return ControlMode.Balanced;
    }

    private (string? Picture, string? Mask) PictureOf(JsonElement? value, string name)
    {
        if (value is not { } sent)
        {
            return (null, null);
        }

        switch (sent.ValueKind)
        {
            case JsonValueKind.Object:
                return (
                    Text(sent.TryGetProperty("image", out var image) ? image : null, name),
                    Text(sent.TryGetProperty("mask", out var mask) ? mask : null, name)
                );
            case JsonValueKind.Array when sent.GetArrayLength() == 2 && sent[0].ValueKind == JsonValueKind.String:
                return (Text(sent[0], name), Text(sent[1], name));
            case JsonValueKind.Array when sent.GetArrayLength() == 1:
                return PictureOf(sent[0], name);
            case JsonValueKind.Array when sent.GetArrayLength() > 1:
                Require(
                    modules.Find(fields.Text("module")!)?.Use == ModuleUse.Look,
                    name,
                    null,
                    "several pictures are for IP-Adapters."
                );
                return PictureOf(sent[0], name);
            default:
                return (Text(sent, name), null);
        }
    }

    private string? Text(JsonElement? value, string name) =>
        value switch
        {
            null or { ValueKind: JsonValueKind.Null } => null,
            { ValueKind: JsonValueKind.String } text => text.GetString() is { Length: > 0 } given ? given : null,
            _ => throw Wrong(name, null, "must be a picture in base64, an object with image and mask, or a list."),
        };

    /// <summary>
    /// A mask that says something stands for the picture, where the preprocessor has no use for it: it is taken for
    /// a scribble.
    /// </summary>
    private PictureSource Seen(ControlModule module, PictureSource picture, ref PictureSource? mask)
    {
        switch (module.Use)
        {
            case ModuleUse.Inpaint:
                Require(mask is not null, "mask", null, $"{module.Row.Name} needs a mask.");
                if (module.Row.Name == "inpaint_only")
                {
                    warnings.Add(
                        $"{Path}.module: outside of its mask, inpaint_only follows the picture and does not copy it."
                    );
                }

                return picture;
            case ModuleUse.Smaller:
                return Smaller(picture.Read());
            default:
                if (mask is null || options.Value(OptionTable.KeepMaskedPictures)!.GetValue<bool>())
                {
                    return picture;
                }

                var levels = mask.ReadMask().Rgb.ToArray();
                if (levels.All(level => level <= Dark) || levels.All(level => level >= Light))
                {
                    return picture;
                }

                warnings.Add(
                    $"{Path}.mask: {module.Row.Name} has no use for a mask, so that it is taken for a drawing in the "
                        + "place of the picture."
                );
                return mask.ReadMask();
        }
    }

    private PictureSource Smaller(Picture picture)
    {
        const double least = 1.1;
        var rate = fields.Number("threshold_a")!.Value is >= 1 and <= 8 and var sent ? sent : 1;
        return rate < least
            ? picture
            : PictureResizing.Resize(
                picture,
                Math.Max(1, (int)(picture.Width / rate)),
                Math.Max(1, (int)(picture.Height / rate)),
                Interpolation.Area
            );
    }

    private ResizeMode Resize()
    {
        // What comes from the picture to start from is brought to size as that is.
        var usesStart = start is not null && fields.Sent("image") is null && fields.Sent("input_image") is null;
        return usesStart ? start!.Resize
            : long.TryParse(fields.Text("resize_mode"), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number > 2
                ? ResizeMode.Just
            : Word(InfotextWords.Resize, "resize_mode");
    }

    private List<double>? Layers()
    {
        const string name = "advanced_weighting";
        if (fields.Sent(name) is not { } sent)
        {
            return null;
        }

        var numbers =
            sent.ValueKind == JsonValueKind.Array
            && sent.EnumerateArray().All(one => one.ValueKind == JsonValueKind.Number)
                ? sent.EnumerateArray().Select(one => one.GetDouble()).ToList()
                : throw Wrong(name, null, "must be a list of numbers.");
        return numbers.Count == 0 ? null : numbers;
    }

    private T Word<T>((T Value, string[] Words)[] table, string name)
        where T : struct, Enum => InfotextWords.ValueOf(table, $"{Path}.{name}", fields.Text(name)!);

    /// <summary>Whether the other name of a field is the one that is given.</summary>
    private bool Alias(string other, string name)
    {
        var isGiven = fields.Sent(other) is not null;
        Require(!isGiven || fields.Sent(name) is null, other, null, $"is another name of {name}; give one of them.");
        return isGiven;
    }

    private void Require(bool holds, string name, string? value, string problem)
    {
        if (!holds)
        {
            throw Wrong(name, value, problem);
        }
    }

    private WebUiException Wrong(string name, string? value, string problem) =>
        WebUiException.Http(422, $"{Path}.{name}{(value is null ? "" : $" '{value}'")}: {problem}");
}
