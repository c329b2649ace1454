using System.Globalization;
using System.Security.Principal;
using System.Text;
using System.Security.Claims;
using ControlNetSharp.Server.Operation;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ControlNetSharp.Server.Safety;

/// <summary>Finds out who calls: HTTP Basic with its challenge, which browsers and old clients know, or an API key.</summary>
internal sealed class LoginCheck(Callers callers, FailedLogins failures) : IMiddleware
{
    private const string Basic = "Basic ";
    private const string Bearer = "Bearer ";
    private static readonly string[] Challenges = ["Basic realm=\"controlnet\", charset=\"UTF-8\"", "Bearer"];

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!callers.MustLogIn || HealthRoutes.Includes(context.Request.Path))
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        var given = context.Request.Headers.Authorization.ToString();
        var (pause, name) = given switch
        {
            _ when Rest(given, Bearer) is { } key => (TimeSpan.Zero, callers.ByKey(key)),
            _ when Rest(given, Basic) is { } pair && Decoded(pair) is { } login => ByPassword(context, login),
            _ => (TimeSpan.Zero, null),
        };
        if (name is not null)
        {
            context.User = new ClaimsPrincipal(new GenericIdentity(name));
            await next(context).ConfigureAwait(false);
        }
        else if (pause > TimeSpan.Zero)
        {
            var seconds = Math.Ceiling(pause.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            context.Response.Headers.RetryAfter = seconds;
            await Refusal
                .WriteAsync(
                    context,
                    StatusCodes.Status429TooManyRequests,
                    "too_many_logins",
                    $"Too many failed logins; try again in {seconds} s."
                )
                .ConfigureAwait(false);
        }
        else
        {
            context.Response.Headers.Append(HeaderNames.WWWAuthenticate, Challenges);
            await Refusal
                .WriteAsync(
                    context,
                    StatusCodes.Status401Unauthorized,
                    "unauthorized",
                    given.Length == 0 ? "Log in by name and password, or with an API key." : "Incorrect username, password or key."
                )
                .ConfigureAwait(false);
        }
    }

    private (TimeSpan Pause, string? Name) ByPassword(HttpContext context, (string User, string Password) login)
    {
        var address = context.Connection.RemoteIpAddress;
        if (failures.PauseOf(address, login.User) is { Ticks: > 0 } pause)
        {
            return (pause, null);
        }

        var name = callers.ByPassword(login.User, login.Password);
        if (name is null)
        {
            failures.Add(address, login.User);
        }
        else
        {
            failures.Clear(address, login.User);
        }

        return (TimeSpan.Zero, name);
    }

    private static string? Rest(string text, string scheme) =>
        text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? text[scheme.Length..].Trim() : null;

    private static (string User, string Password)? Decoded(string pair)
    {
        var bytes = new byte[pair.Length];
        if (!Convert.TryFromBase64String(pair, bytes, out var length))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : (text[..colon], text[(colon + 1)..]);
    }
}
