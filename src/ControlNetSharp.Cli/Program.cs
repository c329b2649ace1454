using ControlNetSharp.Cli;

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
return await ControlNetCli.RunAsync(args, new CommandOutput(Console.Out, Console.Error, !Console.IsErrorRedirected), stop.Token).ConfigureAwait(false);
