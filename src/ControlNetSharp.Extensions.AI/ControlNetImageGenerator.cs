using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using Microsoft.Extensions.AI;

namespace ControlNetSharp.Extensions.AI;

/// <summary>
/// <see cref="ControlNetEngine"/> behind the interface of Microsoft.Extensions.AI. An original image is a picture to
/// start from; control units and all other members of a request come with the options:
/// <see cref="ControlNetImageOptions"/>.
/// </summary>
/// <param name="engine">Makes the pictures. Borrowed: who made it disposes it.</param>
public sealed class ControlNetImageGenerator(ControlNetEngine engine) : IImageGenerator
{
    private readonly ImageGeneratorMetadata _metadata = new("controlnetsharp", null, Models.ModelFinder.Embedded);

    /// <summary>Makes pictures.</summary>
    /// <param name="request">The prompt, and at most one picture to start from.</param>
    /// <param name="options">What else is asked for; null for the defaults of docs/request.md.</param>
    /// <param name="cancellationToken">Ends waiting at once and computing before the next step.</param>
    /// <returns>
    /// One <see cref="DataContent"/> for each picture, its name the seed; as raw representation the
    /// <see cref="GenerationResult"/> with hints, warnings and manifests.
    /// </returns>
    /// <exception cref="Requests.RequestException">
    /// Something is asked for that cannot be; the member's path is named.
    /// </exception>
    public async Task<ImageGenerationResponse> GenerateAsync(
        ImageGenerationRequest request,
        ImageGenerationOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        var asked = RequestOf.Image(request, options, this);
        var encoding = PictureEncoding.Of(options?.MediaType);
        var steps = asked.Steps + (asked.Hires is { } hires ? hires.Steps ?? asked.Steps : 0);
        var result = await engine
            .GenerateAsync(
                asked,
                ControlNetImageOptions.ProgressOf(options),
                options?.StreamingCount is > 0 and var previews ? Math.Max(1, steps / (previews + 1)) : 0,
                cancellationToken
            )
            .ConfigureAwait(false);
        return new ImageGenerationResponse([.. result.Pictures.Select(encoding.Content)])
        {
            RawRepresentation = result,
        };
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ImageGeneratorMetadata) ? _metadata
            : serviceType.IsInstanceOfType(engine) ? engine
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <summary>Nothing: the engine is borrowed.</summary>
    public void Dispose() { }
}
