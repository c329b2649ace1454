using System.Text.Json.Nodes;

namespace ControlNetSharp.Server.WebUi;

/// <summary><c>/controlnet</c>: what control units can be made of.</summary>
internal sealed class ControlNetRoutes(ControlModules modules, WebUiModels models)
{
    private const int ApiVersion = 3;
    private const int Units = 3;

    public void Map(WebUiRouter router)
    {
        router.Get("/controlnet/version", () => new JsonObject { ["version"] = ApiVersion });
        router.Get("/controlnet/settings", () => new JsonObject { ["control_net_unit_count"] = Units });
        router.Get("/controlnet/model_list", () => new JsonObject { ["model_list"] = Texts(ModelNames()) });
        router.Get(
            "/controlnet/module_list",
            context =>
                Task.FromResult<JsonNode?>(
                    Modules(
                        bool.TryParse(context.Request.Query["alias_names"], out var named) && named
                            || context.Request.Query["alias_names"] == "1"
                    )
                )
        );
        router.Get("/controlnet/control_types", () => new JsonObject { ["control_types"] = Types() });
    }

    private List<string> ModelNames() => [UnitRequests.NoModel, .. models.ControlNets().Select(model => model.Title)];

    private JsonObject Modules(bool labels)
    {
        var details = new JsonObject();
        foreach (var module in modules.All)
        {
            details[labels ? module.Row.Label : module.Row.Name] = Detail(module.Row);
        }

        return new JsonObject
        {
            ["module_list"] = Texts(details.Select(detail => detail.Key)),
            ["module_detail"] = details,
        };
    }

    private static JsonObject Detail(ModuleRow row)
    {
        var resolution = new ModuleSlider(
            "Resolution",
            ModuleTable.LeastResolution,
            ModuleTable.MostResolution,
            row.Resolution,
            ModuleTable.ResolutionStep
        );
        var sliders = row.HasResolution ? row.Sliders.Prepend(resolution) : row.Sliders;
        return new JsonObject
        {
            ["model_free"] = row.IsModelFree,
            ["sliders"] = new JsonArray([
                .. sliders.Select(slider =>
                    (JsonNode)
                        new JsonObject
                        {
                            ["name"] = slider.Name,
                            ["value"] = slider.Default,
                            ["min"] = slider.Least,
                            ["max"] = slider.Most,
                            ["step"] = slider.Step,
                        }
                ),
            ]),
        };
    }

    private JsonObject Types()
    {
        var names = ModelNames();
        var types = new JsonObject();
        foreach (var type in ControlTypes.All)
        {
            List<ControlModule> of =
            [
                .. modules.All.Where(module => module.Use == ModuleUse.AsItIs || ControlTypes.Has(type, module.Row)),
            ];
            List<string> labels = [.. of.Select(module => module.Row.Label)];
            List<string> some = [.. names.Where((name, index) => index == 0 || ControlTypes.IsOf(type, name))];
            // The first that can be carried out with any picture, where there is one.
            var usual = of.Skip(1).FirstOrDefault(IsForPictures) ?? of.ElementAtOrDefault(1) ?? of[0];
            types[type] = new JsonObject
            {
                ["module_list"] = Texts(labels),
                ["model_list"] = Texts(some),
                ["default_option"] = type == ControlTypes.Every ? ModuleTable.None : usual.Row.Label,
                ["default_model"] = type == ControlTypes.Every ? UnitRequests.NoModel : ControlTypes.UsualModel(some),
            };
        }

        return types;
    }

    private bool IsForPictures(ControlModule module) =>
        modules.CanRun(module) && module.Annotator?.IsForDrawings != true;

    private static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(text => (JsonNode)text)];
}
