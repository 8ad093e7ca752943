using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using Llama4.Cluster;
using Llama4.Compute;
using Llama4.Model;
using Llama4.Server.Bench;
using Llama4.Server.Output;
using Llama4.Server.Serving;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 bench</c>: how fast the model runs through the grains, without them, and against what the machine can do.</summary>
internal static class BenchVerb
{
    public static Verb Create(Terminal terminal)
    {
        var model = new ModelOptions();
        var prompt = Counts("--prompt", "Tokens of a prompt; several, like 512,2048, are measured one after the other. [default: 512]");
        var generate = new Option<int>("--generate") { Description = "Tokens that each sequence decodes.", HelpName = "N", DefaultValueFactory = _ => 128 }.Within("at least 2", value => value >= 2);
        var concurrency = Counts("--concurrency", "Sequences that decode at once. [default: 1,4,16]");
        var json = new Option<bool>("--json") { Description = "Everything as one JSON object." };
        var command = new Command("bench", "Tokens a second through the grains and without, as shares of what the machine can do.") { prompt, generate, concurrency, json };
        model.AddTo(command);
        command.Add(ConsoleCommand.Create(terminal));
        command.Add(MetricsCommand.Create(terminal));
        command.Add(HopCommand.Create(terminal));
        command.Add(PipelineCommand.Create(terminal));
        command.Add(SpreadCommand.Create(terminal));
        command.Add(VisionCommand.Create(terminal));
        command.Add(MasksCommand.Create(terminal));
        command.SetAction(async (parsed, cancellation) =>
        {
            var plan = new BenchPlan(Given(parsed, prompt, [512]), parsed.GetValue(generate), Given(parsed, concurrency, [1, 4, 16]));
            var report = await RunAsync(model.Read(parsed), plan, terminal, cancellation);
            if (parsed.GetValue(json))
            {
                terminal.WriteJson(report.WriteJson);
            }
            else
            {
                report.WriteText(terminal.Output);
            }

            return CommandLine.Success;
        });
        return new Verb(
            VerbGroup.Models,
            command,
            "llama4 bench",
            "llama4 bench --model DIR --prompt 512,2048 --generate 128 --concurrency 1,16 --threads 2 --json",
            "llama4 bench console --threads 2",
            "llama4 bench hop --sizes 10KB,100KB,655KB,5MB",
            "llama4 bench hop --tls",
            "llama4 bench pipeline --hosts 1,2,4,16 --attention-us 4000 --expert-us 4000 --link-us 1000",
            "llama4 bench masks --tokenizer DIR",
            "llama4 bench spread --cluster redis://127.0.0.1:6379 --model DIR --threads 2",
            "llama4 bench vision --tiles 4 --threads 2");
    }

    private static async Task<BenchReport> RunAsync(ModelChoice choice, BenchPlan plan, Terminal terminal, CancellationToken cancellation)
    {
        await using var cluster = await RunningModel.StartClusterAsync(choice, terminal, options => options, cancellation);
        RefuseWhatDoesNotFit(plan, cluster);
        var run = new BenchRun(plan, cluster.Config, choice.Threads);
        var grains = new ClusterRunner(cluster.Client);
        await ProgressLine.RunAsync(terminal, "warming up", async _ =>
        {
            await run.WarmUpAsync(grains, cancellation);
            return true;
        });
        using var process = Process.GetCurrentProcess();
        var memory = new MemoryFigures(cluster.WeightBytes, cluster.KvBytes, process.PeakWorkingSet64);
        if (HoldsTwice(choice.Directory))
        {
            using var checkpoint = Checkpoint.Open(choice.Directory);
            await using var device = CpuDevice.Create(choice.Threads);
            using var direct = await ProgressLine.RunAsync(
                terminal,
                "loading for direct calls",
                progress => DirectModel.LoadAsync(
                    checkpoint, device, ComputeMode.Bf16, plan.SequencesMax, plan.PositionsMax, progress: new Reported(progress), cancellation: cancellation).AsTask());
            return await MeasureAsync(new DirectRunner(direct, cluster.Limits.PrefillChunkMax));
        }

        terminal.Error.WriteLine("warning: the memory left does not hold the weights a second time: there are no figures without grains");
        return await MeasureAsync(null);

        Task<BenchReport> MeasureAsync(DirectRunner? direct) => ProgressLine.RunAsync(
            terminal, "measuring", progress => run.MeasureAsync(grains, direct, memory, progress, cancellation));
    }

    internal static void RefuseWhatDoesNotFit(BenchPlan plan, EmbeddedCluster cluster)
    {
        if (plan.PositionsMax > cluster.TokensMax)
        {
            throw new UsageException($"--prompt and --generate ask for {plan.PositionsMax} tokens in a sequence; this model and its --kv-memory hold {cluster.TokensMax}.");
        }

        if (plan.SequencesMax > cluster.Limits.SequencesMax)
        {
            throw new UsageException($"--concurrency: expected at most {cluster.Limits.SequencesMax} sequences, found {plan.SequencesMax}.");
        }
    }

    /// <summary>The weights once more, and as much as a quarter for keys, values and what else the process takes.</summary>
    private static bool HoldsTwice(string directory)
    {
        var memory = GC.GetGCMemoryInfo();
        using var process = Process.GetCurrentProcess();
        using var checkpoint = Checkpoint.Open(directory);
        return process.WorkingSet64 + checkpoint.WeightBytes * 1.25 < memory.TotalAvailableMemoryBytes;
    }

    /// <summary>The library would print a list's default in its own form, so the description says it.</summary>
    private static int[] Given(ParseResult parsed, Option<int[]> option, int[] standard) =>
        parsed.GetResult(option) is null ? standard : parsed.GetRequiredValue(option);

    internal static Option<int[]> Counts(string name, string description)
    {
        return new Option<int[]>(name) { Description = description, HelpName = "N,N,…", CustomParser = Parse };

        int[] Parse(ArgumentResult result)
        {
            var text = result.Tokens[0].Value;
            var counts = text.Split(',').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0).ToArray();
            if (counts.Any(count => count < 1))
            {
                result.AddError($"{name}: expected counts like 512 or 1,4,16, found '{text}'");
            }

            return counts;
        }
    }
}
