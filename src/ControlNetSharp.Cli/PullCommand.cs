using System.CommandLine;
using ControlNetSharp.Checkpoints.Hub;

namespace ControlNetSharp.Cli;

/// <summary>
/// <c>controlnet models pull</c>: files of a hub's repository into the cache that the hub's own tools use.
/// </summary>
internal static class PullCommand
{
    private static readonly Argument<string> Repository = new("repository")
    {
        Description = "ORGANISATION/NAME, with @REVISION behind it for another one than main.",
    };
    private static readonly Argument<string[]> Files = new("file")
    {
        Description = "Names in the repository; without any the files that make a model.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public static Command Create() =>
        new("pull", "Fetches a model from the Hugging Face hub, or from HF_ENDPOINT, into its cache.")
        {
            Repository,
            Files,
        };

    public static void Run(ParseResult arguments, CommandOutput output, bool json, CancellationToken cancellationToken)
    {
        var name = arguments.GetValue(Repository)!.Split('@', 2);
        var options = HubOptions.FromEnvironment();
        using var client = new HubClient(options);
        using var bar = new PullBar(output);
        var pull = client
            .PullAsync(
                name[0],
                name.ElementAtOrDefault(1),
                arguments.GetValue(Files) ?? [],
                bar.Show,
                cancellationToken
            )
            .GetAwaiter()
            .GetResult();
        if (json)
        {
            output.WriteJson(pull);
            return;
        }

        foreach (var file in pull.Files)
        {
            output.Result.WriteLine(file.Path);
        }
    }
}
