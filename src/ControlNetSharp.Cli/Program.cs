using ControlNetSharp.Cli;

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    // The second press ends commands that do not look at the token.
    e.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
};
return await ControlNetCli
    .RunAsync(args, new CommandOutput(Console.Out, Console.Error, !Console.IsErrorRedirected), stop.Token)
    .ConfigureAwait(false);
