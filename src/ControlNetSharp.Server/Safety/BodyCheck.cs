using Microsoft.AspNetCore.Http;

namespace ControlNetSharp.Server.Safety;

/// <summary>Refuses a body that says it is too large before any of it is read; the server counts those that do not say.</summary>
internal sealed class BodyCheck(ServerSettings settings) : IMiddleware
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.ContentLength > settings.Limits.BodyBytes)
        {
            await RefuseAsync(context).ConfigureAwait(false);
            return;
        }

        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (BadHttpRequestException e)
            when (e.StatusCode == StatusCodes.Status413PayloadTooLarge && !context.Response.HasStarted)
        {
            await RefuseAsync(context).ConfigureAwait(false);
        }
    }

    private Task RefuseAsync(HttpContext context) =>
        Refusal.WriteAsync(
            context,
            StatusCodes.Status413PayloadTooLarge,
            "too_large",
            $"The request has more than {settings.Limits.BodyBytes} bytes, which is the most that this server takes."
        );
}
