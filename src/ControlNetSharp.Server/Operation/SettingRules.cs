using System.Net;
using ControlNetSharp.Runtime;
using ControlNetSharp.Server.Jobs;
using ControlNetSharp.Server.Safety;

namespace ControlNetSharp.Server.Operation;

/// <summary>What no single value shows: whether settings go together, and whether what they name is there.</summary>
internal static class SettingRules
{
    /// <summary>A sentence for each that is wrong.</summary>
    public static IEnumerable<string> Problems(ServerSettings settings)
    {
        var isLoopback = IsLoopback(settings.Listen);
        if (settings.Listen != "localhost" && !IPAddress.TryParse(settings.Listen, out _))
        {
            yield return $"listen {settings.Listen}: must be localhost or an address, such as 0.0.0.0 for all.";
        }
        else if (!isLoopback && settings is { Users: [], ApiKeyFile: null, IsInsecure: false })
        {
            yield return $"listen {settings.Listen}: others can reach this address; auth or api-key-file must be "
                + "given, or insecure to let anybody in.";
        }

        if (settings.Users.GroupBy(user => user.Name).FirstOrDefault(user => user.Count() > 1) is { } twice)
        {
            yield return $"auth {twice.Key}: is given twice.";
        }

        if (settings.ApiKeyFile is { } keys && ApiKeyFile.ProblemOf(keys) is { } problem)
        {
            yield return $"api-key-file {keys}: {problem}";
        }

        if (settings.Jobs is { } jobs && Refused(() => JobStore.PlaceOf(jobs)) is { } refused)
        {
            yield return $"jobs: {refused}";
        }

        foreach (var folder in settings.Models.Where(folder => !Directory.Exists(folder)))
        {
            yield return $"models {folder}: there is no such folder.";
        }

        foreach (var file in settings.PreviewDecoders.Where(file => !File.Exists(file)))
        {
            yield return $"preview-decoder {file}: there is no such file.";
        }

        if (settings.Results is { } results && File.Exists(results))
        {
            yield return $"results {results}: is a file; must be a folder.";
        }

        foreach (var device in settings.Devices)
        {
            if (Refused(() => PlacementPolicy.CheckDevice(device)) is { } unknownDevice)
            {
                yield return $"device {device}: {unknownDevice}";
            }
        }

        if (
            settings.Devices.Select(d => Refused(() => PlacementPolicy.CheckDtype(d, settings.Dtype))).OfType<string>()
                is var dtypes
            && dtypes.FirstOrDefault() is { } unknownDtype
        )
        {
            yield return $"dtype {settings.Dtype}: {unknownDtype}";
        }

        if (settings.Devices.Distinct().Count() < settings.Devices.Count)
        {
            yield return $"device {string.Join(", ", settings.Devices)}: one is given twice; workers is for "
                + "several jobs at a time.";
        }
    }

    /// <summary>Whether only programs of this machine reach an address.</summary>
    public static bool IsLoopback(string address) =>
        address == "localhost" || (IPAddress.TryParse(address, out var ip) && IPAddress.IsLoopback(ip));

    private static string? Refused(Action check)
    {
        try
        {
            check();
            return null;
        }
        catch (UnknownNameException e)
        {
            return e.Problem;
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
    }
}
