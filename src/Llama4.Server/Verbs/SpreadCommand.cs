using System.CommandLine;
using System.Diagnostics;
using Llama4.Cluster;
using Llama4.Contracts;
using Llama4.Server.Bench;
using Llama4.Server.Output;
using Llama4.Server.Serving;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 bench spread</c>: a running cluster against this one process, with the same requests in turn.</summary>
internal static class SpreadCommand
{
    /// <summary>Most time that a cluster has to say that it serves: it may have just lost a host, or wait for one.</summary>
    private static readonly TimeSpan ServingLimit = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    public static Command Create(Terminal terminal)
    {
        var model = new ModelOptions();
        var cluster = new Option<Uri>("--cluster")
        {
            Description = "The running cluster's store, as for serve. It serves the same --model.",
            HelpName = "URL",
            Required = true,
            CustomParser = result =>
            {
                if (ClusterAddress.TryStore(result.Tokens[0].Value, out var store))
                {
                    return store!;
                }

                result.AddError($"--cluster: expected an address like redis://HOST:6379, found '{ClusterAddress.WithoutSecret(result.Tokens[0].Value)}'");
                return null!;
            },
        };
        var id = new Option<string>("--cluster-id") { Description = "Tells clusters apart that share a store.", HelpName = "NAME", DefaultValueFactory = _ => "llama4" };
        var prompt = NumberOption.Count("--prompt", "Tokens of a prompt.", 512);
        var generate = NumberOption.Count("--generate", "Tokens that each sequence decodes.", 64, least: 2);
        var concurrency = new CountsOption("--concurrency", "Sequences that decode at once.", [1, 16]);
        var rounds = NumberOption.Count("--rounds", "Of cluster and process in turn.", 4, most: 100);
        var json = new Option<bool>("--json") { Description = "Everything as one JSON object." };
        var command = new Command("spread", "Tokens a second of a running cluster against those of this one process, measured in turn.")
        {
            cluster, id, prompt, generate, concurrency, rounds, json,
        };
        model.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var choice = model.Read(parsed);
            var plan = new BenchPlan([parsed.GetValue(prompt)], parsed.GetValue(generate), concurrency.Read(parsed));
            await using var many = await ClusterHost.StartAsync(
                new ClusterHostOptions
                {
                    Redis = parsed.GetRequiredValue(cluster),
                    ClusterId = parsed.GetRequiredValue(id),
                    ModelDirectory = choice.Directory,
                    Roles = HostRoles.Gateway,
                    KvBytes = choice.KvBytes,
                },
                progress: null,
                cancellation);
            await using var one = await RunningModel.StartClusterAsync(choice, terminal, options => options, cancellation);
            plan.RefuseWhatDoesNotFit(one);
            var status = await ServingAsync(many.Admin, cancellation);
            var bench = new SpreadBench(many.Client, one.Client, one.Config.VocabSize, plan, parsed.GetValue(rounds));
            var report = new SpreadReport(
                status, choice.Threads, await ProgressLine.RunAsync(terminal, "measuring", progress => bench.MeasureAsync(progress, cancellation)));
            terminal.WriteReport(parsed.GetValue(json), report.WriteJson, report.WriteText);
            return CommandLine.Success;
        });
        return command;
    }

    private static async Task<ClusterStatus> ServingAsync(IClusterAdmin admin, CancellationToken cancellation)
    {
        for (var start = Stopwatch.GetTimestamp(); ; await Task.Delay(LookEvery, cancellation))
        {
            var status = await admin.StatusAsync(cancellation);
            if (status is { Plan: not null, Waiting: null })
            {
                return status;
            }

            if (Stopwatch.GetElapsedTime(start) > ServingLimit)
            {
                throw new ClusterRequestException($"the cluster does not serve: {status.Waiting ?? "it has no plan"}");
            }
        }
    }
}
