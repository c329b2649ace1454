using System.Text.Json;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Server.WebUi;

/// <summary>A control unit that acts.</summary>
/// <param name="Index">Where it stands among the arguments.</param>
/// <param name="Unit">The unit.</param>
/// <param name="SavesMap">Whether the answer has its hint.</param>
internal sealed record PlannedUnit(int Index, ControlUnit Unit, bool SavesMap);

/// <summary>What units without a picture take from an img2img request.</summary>
/// <param name="Picture">The picture to start from.</param>
/// <param name="Mask">Its mask; null without one.</param>
/// <param name="Resize">How it is brought to the size of the result.</param>
/// <param name="IsOnlyMasked">Whether only the surroundings of the mask are made.</param>
internal sealed record StartPicture(PictureSource Picture, PictureSource? Mask, ResizeMode Resize, bool IsOnlyMasked);

/// <summary>
/// Makes control units of the arguments of <c>alwayson_scripts.ControlNet</c>. Source: sd-webui-controlnet v1.1.455,
/// internal_controlnet/args.py, scripts/controlnet.py (behaviour); what it passes over in silence is an error here.
/// </summary>
internal sealed class UnitRequests(
    ControlModules modules,
    WebUiModels models,
    OptionStore options,
    SliderValues sliders
)
{
    public const string NoModel = "None";

    /// <summary>Reads the units; those that are off are left out.</summary>
    /// <param name="args">The arguments: objects are units, anything else is passed over.</param>
    /// <param name="start">What img2img starts from; null for txt2img.</param>
    /// <param name="warnings">Gets what is not carried out as it was sent.</param>
    /// <exception cref="WebUiException">A unit cannot be carried out; it and its field are named.</exception>
    public IReadOnlyList<PlannedUnit> Read(JsonElement args, StartPicture? start, List<string> warnings)
    {
        if (args.ValueKind != JsonValueKind.Array)
        {
            throw WebUiException.Validation([
                new FieldError(
                    ["body", "alwayson_scripts", "ControlNet", "args"],
                    "value is not a valid list",
                    "type_error.list"
                ),
            ]);
        }

        var units = new List<PlannedUnit>();
        foreach (
            var (index, arg) in args.EnumerateArray().Index().Where(arg => arg.Item.ValueKind == JsonValueKind.Object)
        )
        {
            var errors = new List<FieldError>();
            var fields = UnitFields.Schema.Read(arg, errors, "body", "alwayson_scripts", "ControlNet", "args", index);
            if (errors.Count > 0)
            {
                throw WebUiException.Validation(errors);
            }

            if (fields.Flag("enabled") == false)
            {
                continue;
            }

            warnings.AddRange(
                fields.Unknown.Select(name => $"units[{index}].{name}: there is no such field; it was ignored.")
            );
            units.Add(new UnitReading(modules, models, options, sliders, fields, index, start, warnings).Read());
        }

        return units;
    }
}
