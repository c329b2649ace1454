using ControlNetSharp.Models;
using ControlNetSharp.Requests;

namespace ControlNetSharp.Engine;

/// <summary>Requests from the parameters text of stable-diffusion-webui and those who write it likewise.</summary>
/// <param name="finder">Tells which of the files that a text names are there.</param>
public sealed class ForeignRequests(ModelFinder finder)
{
    /// <summary>Reads a text.</summary>
    /// <param name="parameters">The text, such as <see cref="Pictures.PictureTexts.Parameters"/> gives.</param>
    /// <param name="model">A model in the place of the one that the text names; null for that.</param>
    public ForeignRequest Read(string parameters, string? model = null)
    {
        var read = InfotextRequest.Of(Infotext.Parse(parameters));
        var losses = new List<InfotextLoss>(read.Losses);
        var request = read.Request;
        if (model is not null)
        {
            request = request with { Model = model };
        }
        else if (read.Model is { } named && !IsThere("Model", ModelRole.Model, named.Hash ?? named.Name!, named, null))
        {
            request = request with { Model = GenerationRequest.EmbeddedModel };
        }

        var path = LookFor(ModelRole.Model, request.Model, null);
        if (read.Vae is { } vae && !IsThere("VAE", ModelRole.Autoencoder, vae.Hash ?? vae.Name!, vae, path))
        {
            request = request with { Vae = null };
        }

        if (request.Hires is { } hires && !IsUpscaler(hires.Upscaler, path))
        {
            losses.Add(
                new InfotextLoss("Hires upscaler", hires.Upscaler, "there is no such file in the folders of models.")
            );
            request = request with { Hires = hires with { Upscaler = UpscalerCatalogue.Default } };
        }

        foreach (var lora in read.Loras.Where(lora => lora.Name is not null))
        {
            IsThere("Lora", ModelRole.Lora, lora.Name!, lora, path);
        }

        foreach (var embedding in read.Embeddings.Where(embedding => embedding.Name is not null))
        {
            IsThere("TI hashes", ModelRole.Embedding, embedding.Name!, embedding, path);
        }

        return new ForeignRequest(request, losses, read.HasSameNoise);

        bool IsThere(string key, ModelRole role, string name, HashedName asked, string? beside)
        {
            if (
                LookFor(role, name, beside) is not null
                || (asked.Name is not null && LookFor(role, asked.Name, beside) is not null)
            )
            {
                return true;
            }

            losses.Add(new InfotextLoss(key, asked.ToString(), "there is no such file in the folders of models."));
            return false;
        }
    }

    private bool IsUpscaler(string name, string? model) =>
        UpscalerCatalogue.LookFor(name) is not null || LookFor(ModelRole.Upscaler, name, model) is not null;

    private string? LookFor(ModelRole role, string name, string? model)
    {
        try
        {
            return finder.LookFor(role, name, model);
        }
        catch (ModelNotFoundException)
        {
            return null;
        }
    }
}
