using System.Net;
using ControlNetSharp.Server.Operation;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ControlNetSharp.Server.Safety;

/// <summary>
/// Keeps the pages of others out: a name that somebody made to point here (DNS rebinding), and forms and scripts of
/// another site that change something. Programs that are no browsers say neither origin nor site and are not concerned.
/// </summary>
internal sealed class OriginCheck(ServerSettings settings) : IMiddleware
{
    private const string FetchSite = "Sec-Fetch-Site";
    private static readonly string[] OwnSites = ["same-origin", "none"];

    private readonly HashSet<string> _hosts = new(
        ["localhost", Environment.MachineName, $"{Environment.MachineName}.local", .. settings.Hosts],
        StringComparer.OrdinalIgnoreCase
    );

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        return !IsOwnName(request.Host.Host) && !HealthRoutes.Includes(request.Path)
                ? Refusal.WriteAsync(
                    context,
                    StatusCodes.Status421MisdirectedRequest,
                    "wrong_host",
                    $"This server is not called \"{request.Host.Host}\"; the setting allow-host lets it be."
                )
            : ChangesSomething(request.Method) && IsForeign(request)
                ? Refusal.WriteAsync(
                    context,
                    StatusCodes.Status403Forbidden,
                    "foreign_origin",
                    $"Pages of {request.Headers.Origin} may not change anything here; the setting allow-origin lets "
                        + "them."
                )
            : next(context);
    }

    // An address is what it is; only names can be made to point anywhere.
    private bool IsOwnName(string host) => IPAddress.TryParse(host.Trim('[', ']'), out _) || _hosts.Contains(host);

    private static bool ChangesSomething(string method) =>
        !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method) && !HttpMethods.IsOptions(method);

    private bool IsForeign(HttpRequest request)
    {
        var (origin, site) = (request.Headers.Origin.ToString(), request.Headers[FetchSite].ToString());
        if (settings.Origins.Contains("*") || settings.Origins.Contains(origin, StringComparer.OrdinalIgnoreCase))
        {
            return false;
        }

        // A proxy may speak https to the browser: host and port are what is compared.
        return site.Length > 0
            ? !OwnSites.Contains(site, StringComparer.Ordinal)
            : origin.Length > 0
                && !(
                    Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Authority == AuthorityOf(request, uri)
                );
    }

    private static string AuthorityOf(HttpRequest request, Uri origin) =>
        request.Host.Port is null || request.Host.Port == origin.Port && origin.IsDefaultPort
            ? request.Host.Host
            : request.Host.Value!;
}
