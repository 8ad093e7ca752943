using System.CommandLine;
using System.Globalization;
using Llama4.Server.Operators;
using Llama4.Server.Output;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 status</c>, <c>llama4 drain</c> and <c>llama4 rebalance</c>: what operators ask of a running cluster.</summary>
internal static class OperatorVerbs
{
    public static Verb Status(Terminal terminal)
    {
        var door = new DoorOptions();
        var json = new Option<bool>("--json") { Description = "All of it, as the interface tells it." };
        var command = new Command("status", "The hosts of a running cluster, what they own, and what went wrong.") { json };
        door.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = door.Open(parsed);
            var (text, status) = await client.StatusAsync(cancellation);
            if (parsed.GetValue(json))
            {
                terminal.Output.WriteLine(text);
            }
            else
            {
                StatusText.Write(status, terminal.Output);
            }

            return CommandLine.Success;
        });
        return new Verb(VerbGroup.Serving, command, "llama4 status --url http://127.0.0.1:9090 --key KEY", "llama4 status --json");
    }

    public static Verb Drain(Terminal terminal)
    {
        var door = new DoorOptions();
        var host = new Argument<string>("HOST") { Description = "Its name, as status shows it." };
        var command = new Command("drain", "Moves what a host owns to the others; returns when it owns nothing.") { host };
        door.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = door.Open(parsed);
            await client.DrainAsync(parsed.GetRequiredValue(host), cancellation);
            terminal.Output.WriteLine($"{parsed.GetRequiredValue(host)} owns nothing any more and can be stopped");
            return CommandLine.Success;
        });
        return new Verb(VerbGroup.Serving, command, "llama4 drain gpu7-k3f9a --url http://127.0.0.1:9090");
    }

    public static Verb Rebalance(Terminal terminal)
    {
        var door = new DoorOptions();
        var command = new Command("rebalance", "Plans a running cluster anew, as if no host owned anything yet.");
        door.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = door.Open(parsed);
            var epoch = await client.RebalanceAsync(cancellation);
            terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"plan epoch {epoch} is in force"));
            return CommandLine.Success;
        });
        return new Verb(VerbGroup.Serving, command, "llama4 rebalance --url http://127.0.0.1:9090");
    }

    /// <summary>Where the operators' interface is, and its key.</summary>
    private sealed class DoorOptions
    {
        private readonly Option<string> _url = new("--url")
        {
            Description = "The interface of any host of the cluster.",
            HelpName = "URL",
            DefaultValueFactory = _ => "http://127.0.0.1:9090",
        };

        private readonly Option<string?> _key = new("--key") { Description = $"Its key. Default: {ClusterOptions.AdminKeyVariable}.", HelpName = "KEY" };

        public void AddTo(Command command)
        {
            command.Add(_url);
            command.Add(_key);
        }

        public AdminClient Open(ParseResult parsed)
        {
            var text = parsed.GetRequiredValue(_url);
            return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is ("http" or "https")
                ? new AdminClient(url, parsed.GetValue(_key) ?? SecretVariable.Key(ClusterOptions.AdminKeyVariable))
                : throw new UsageException($"--url: expected an address like http://127.0.0.1:9090, found '{text}'");
        }
    }
}
