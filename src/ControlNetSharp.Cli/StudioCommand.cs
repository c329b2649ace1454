using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using ControlNetSharp.Server;
using ControlNetSharp.Server.Operation;

namespace ControlNetSharp.Cli;

/// <summary><c>controlnet studio</c>: serves for one person, and opens the page.</summary>
internal static class StudioCommand
{
    private static readonly ServerOptions Options = new(
        SettingTable.All.Where(setting => setting.Name == "port" || (setting.IsWorkers && setting.Name != "workers"))
    );
    private static readonly Option<bool> NoBrowser = new("--no-browser")
    {
        Description = "Leaves opening the page to you.",
    };

    public static Command Create() =>
        Options.Command("studio", "Opens the studio page, on a free port unless one is given.", NoBrowser);

    public static Task RunAsync(
        ParseResult arguments,
        CommandOutput output,
        bool json,
        CancellationToken cancellationToken
    ) =>
        ServeCommand.RunAsync(
            Options.Require(arguments, new ServerSettings { Port = 0 }),
            output,
            json,
            arguments.GetValue(NoBrowser) ? _ => { } : address => Open(address, output),
            cancellationToken
        );

    private static void Open(string address, CommandOutput output)
    {
        try
        {
            using var browser = Process.Start(new ProcessStartInfo(address) { UseShellExecute = true });
        }
        catch (Win32Exception)
        {
            output.Message.WriteLine($"No browser was found; open {address} in yours.");
        }
    }
}
