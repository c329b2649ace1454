// Controlled pictures from a route of one's own ASP.NET Core program, with health and metrics:
// dotnet run samples/endpoint.cs -- --urls http://localhost:5080
// curl -F picture=@docs/pictures/coffee.png "localhost:5080/cup?prompt=a+blue+cup&steps=20" -o cup.png
#:sdk Microsoft.NET.Sdk.Web
#:project ../src/ControlNetSharp.Cpu
#:project ../src/ControlNetSharp.Pocket
using ControlNetSharp.Engine;
using ControlNetSharp.Pictures;
using ControlNetSharp.Requests;

var builder = WebApplication.CreateBuilder(args);

// Strangers call: their requests name no paths.
builder.Services.AddControlNet(options => options.AllowPaths = false);
var app = builder.Build();
app.MapHealthChecks("/healthz");
app.MapPost(
        "/cup",
        async (string prompt, int steps, IFormFile picture, ControlNetEngine engine, CancellationToken stop) =>
        {
            using var bytes = new MemoryStream();
            await picture.CopyToAsync(bytes, stop);
            var unit = ControlUnit.Canny(PictureSource.FromBytes(bytes.ToArray()));
            try
            {
                var request = new GenerationRequest
                {
                    Prompt = prompt,
                    Steps = steps,
                    Units = [unit],
                };
                var result = await engine.GenerateAsync(request, cancellationToken: stop);
                return Results.Bytes(result.Pictures[0].ToPng(), "image/png");
            }
            catch (Exception e) when (e is RequestException or PictureException)
            {
                return Results.Problem(e.Message, statusCode: StatusCodes.Status422UnprocessableEntity);
            }
        }
    )
    .DisableAntiforgery();
app.Run();
