using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using Llama4.Cluster.Spans;
using Llama4.Contracts;
using Llama4.Gateway;
using Llama4.Gateway.Hosting;
using Llama4.Gateway.Telemetry;
using Llama4.Server.Output;
using Llama4.Server.Serving;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 serve</c>, the default: a model behind OpenAI's HTTP interface.</summary>
internal static class ServeVerb
{
    public static Verb Create(Terminal terminal)
    {
        var model = new ModelOptions();
        var cluster = new ClusterOptions();
        var dialect = ChatDialectOption.OfModel();
        var publicDoor = new PublicDoorOptions();
        var names = new ServedNamesOption();
        var imageHosts = new ImageHostsOption();
        var port = new Option<int>("--port") { Description = "TCP port; 0 takes a free one and prints it.", HelpName = "N", DefaultValueFactory = _ => 8080 };
        var bind = new Option<IPAddress>("--bind")
        {
            Description = "Address to listen at; 0.0.0.0 for every one of this machine.",
            HelpName = "ADDRESS",
            DefaultValueFactory = _ => IPAddress.Loopback,
            CustomParser = ParseAddress,
        };
        var clientPort = new Option<int>("--client-port")
        {
            Description = "TCP port of 127.0.0.1 for .NET clients without HTTP (Llama4.Client); 0 for none. Hosts of a cluster always have one.",
            HelpName = "N",
            DefaultValueFactory = _ => 0,
        };
        var health = new HealthDoorOptions();
        var logFormat = new Option<LogFormat>("--log-format")
        {
            Description = "How the log on stderr is written: text for people, json for machines, one line an event.",
            HelpName = "text|json",
            DefaultValueFactory = _ => LogFormat.Text,
            CustomParser = ParseLogFormat,
        };
        clientPort.Within(0, 65535);
        port.Within(0, 65535);
        var command = new Command("serve", "A model behind an OpenAI-compatible HTTP interface. The default.");
        model.AddTo(command);
        command.Add(names.Option);
        command.Add(dialect.Option);
        command.Add(imageHosts.Option);
        command.Add(port);
        command.Add(bind);
        publicDoor.AddTo(command);
        command.Add(clientPort);
        health.AddTo(command);
        command.Add(logFormat);
        cluster.AddTo(command, [port, .. publicDoor.All]);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var telemetry = StartTelemetry();
            var choice = model.Read(parsed) with { ChatDialect = dialect.Read(parsed) };
            choice = names.Read(parsed) is { } called ? choice with { ServedNames = called } : choice;
            var door = publicDoor.Read(parsed, parsed.GetRequiredValue(bind), parsed.GetValue(port));
            var log = LogSetup.As(parsed.GetValue(logFormat));
            if (cluster.IsGiven(parsed))
            {
                if (parsed.GetValue(clientPort) > 0)
                {
                    throw new UsageException("--client-port is for one process: hosts of a cluster open a port for clients by themselves, which these find in the store");
                }

                var (options, doors) = (cluster.Read(parsed, choice), cluster.Doors(parsed, door)); // first: it may be what is wrong
                const string joining = "the process is joining its cluster";
                var state = options.Roles == HostRoles.Gateway ? HealthState.Waiting(joining) : HealthState.Starting(joining);
                await using var watched = await health.OpenAsync(parsed, state, terminal, log);
                return await ClusterServer.RunAsync(
                    options, doors with { ServedNames = choice.ServedNames, ChatDialect = choice.ChatDialect, ImageHosts = imageHosts.Read(parsed), Health = watched, Log = log }, terminal, cancellation);
            }

            door.Check(terminal.Warn);
            KestrelSetup.CheckIsFree(door.Bind, door.Port); // before a large model is loaded for nothing
            if (parsed.GetValue(clientPort) is > 0 and var clients)
            {
                KestrelSetup.CheckIsFree(IPAddress.Loopback, clients);
            }

            await using var probed = await health.OpenAsync(parsed, HealthState.Starting("the model is being loaded"), terminal, log);
            await using var running = await BrokenStart.NullAsync(RunningModel.StartAsync(choice, terminal, log, cancellation, parsed.GetValue(clientPort)), cancellation);
            if (running is null)
            {
                return CommandLine.Success;
            }

            await ModelServer.RunAsync(running, imageHosts.Read(parsed), door, probed, log, terminal, url => Welcome(running, url, door, terminal.Output), cancellation);
            return CommandLine.Success;
        });
        return new Verb(
            VerbGroup.Serving,
            command,
            "llama4 serve",
            "llama4 serve --model path/to/Llama-4-Scout-17B-16E-Instruct --kv-memory 8GiB",
            "llama4 serve --bind 0.0.0.0 --port 0 --api-keys keys.jsonl",
            "llama4 serve --cluster redis://10.0.0.1:6379 --roles attention,engine,vocabulary,gateway --port 8080",
            "llama4 serve --cluster redis://10.0.0.1:6379 --roles experts --memory 60GiB");
    }

    /// <summary>For the whole process: of a host without a gateway as of one with.</summary>
    private static IDisposable StartTelemetry()
    {
        try
        {
            FullDepth.Read(Environment.GetEnvironmentVariable(FullDepth.Variable));
            return TelemetrySetup.Start();
        }
        catch (Exception error) when (error is TelemetryException or ArgumentException)
        {
            throw new UsageException(error.Message);
        }
    }

    private static void Welcome(RunningModel model, Uri address, PublicDoor door, TextWriter output)
    {
        var cluster = model.Cluster;
        var url = (address.Host is "0.0.0.0" or "[::]" ? new UriBuilder(address) { Host = "127.0.0.1" }.Uri : address).ToString().TrimEnd('/');
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{model.Name} is served at {address.ToString().TrimEnd('/')} ({ByteSize.Format(cluster.WeightBytes)} of weights, {ByteSize.Format(cluster.KvBytes)} for keys and values, {cluster.TokensMax:N0} tokens of context, {cluster.Device.Name})"));
        output.WriteLine();
        output.WriteLine($$"""  ask    curl {{url}}/v1/chat/completions {{(door.ApiKeys is null ? "" : "-H 'Authorization: Bearer KEY' ")}}-H 'Content-Type: application/json' -d '{"model":"{{model.Name}}","messages":[{"role":"user","content":"What is the capital of France?"}]}'""");
        output.WriteLine($"  chat   {OwnCommand.Text} chat --url {url}{(door.ApiKeys is null ? "" : " --key KEY")}");
        output.WriteLine($"  look   {url} in a browser: a chat, and the cluster live");
        output.WriteLine("  stop   Ctrl-C");
        output.WriteLine();
    }

    private static LogFormat ParseLogFormat(ArgumentResult result)
    {
        if (result.Tokens[0].Value is "text" or "json")
        {
            return result.Tokens[0].Value == "json" ? LogFormat.Json : LogFormat.Text;
        }

        result.AddError($"--log-format: expected text or json, found '{result.Tokens[0].Value}'");
        return LogFormat.Text;
    }

    private static IPAddress ParseAddress(ArgumentResult result)
    {
        if (IPAddress.TryParse(result.Tokens[0].Value, out var address))
        {
            return address;
        }

        if (result.Tokens[0].Value == "localhost")
        {
            return IPAddress.Loopback;
        }

        result.AddError($"--bind: expected an address like 127.0.0.1 or 0.0.0.0, found '{result.Tokens[0].Value}'");
        return IPAddress.Loopback;
    }
}
