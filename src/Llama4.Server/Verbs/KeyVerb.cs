using System.CommandLine;
using Llama4.Gateway.Keys;
using Llama4.Server.Output;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 key new</c>: a fresh API key, and the line by which a server knows it.</summary>
internal static class KeyVerb
{
    public static Verb Create(Terminal terminal)
    {
        var command = new Command("key", "API keys: 'llama4 key new' makes one.") { New(terminal) };
        return new Verb(
            VerbGroup.Serving,
            command,
            "llama4 key new --name alice --requests-per-minute 60 --tokens-per-minute 100000 >> keys.jsonl",
            "llama4 serve --api-keys keys.jsonl");
    }

    private static Command New(Terminal terminal)
    {
        var name = new Option<string?>("--name") { Description = "Whose it is: stands in the log. Default: one made up.", HelpName = "NAME" };
        var requests = Limit("--requests-per-minute", "Requests it may make in a minute, at one gateway. Default: any.");
        var tokens = Limit("--tokens-per-minute", "Tokens of prompts and answers in a minute, at one gateway. Default: any.");
        var concurrent = Limit("--concurrent", "Requests at one time, at one gateway. Default: any.");
        var command = new Command("new", "Prints a fresh key, this once, to stderr, and the line for the server's file of keys, which holds only its hash, to stdout.")
        {
            name, requests, tokens, concurrent,
        };
        command.SetAction(parsed =>
        {
            var key = ApiKey.Fresh();
            var digest = ApiKey.DigestOf(key);
            var called = parsed.GetValue(name) ?? $"key-{Convert.ToHexStringLower(digest.AsSpan(0, 4))}";
            if (!ApiKey.IsName(called))
            {
                throw new UsageException($"--name: expected 1 to {ApiKey.NameCharsMax} letters, digits, '-', '_', '.' and '@', found '{called}'. See 'llama4 key new --help'.");
            }

            terminal.Error.WriteLine($"key of {called}, shown this once: {key}");
            terminal.Output.WriteLine(ApiKeyText.Write(
                new ApiKey(called, digest, new KeyLimits(parsed.GetValue(requests), parsed.GetValue(tokens), parsed.GetValue(concurrent)))));
            return CommandLine.Success;
        });
        return command;
    }

    private static Option<int?> Limit(string name, string description) =>
        new Option<int?>(name) { Description = description, HelpName = "N" }.Within("at least 1", value => value >= 1);
}
