using System.CommandLine;
using System.Diagnostics;
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
        var prompt = new CountsOption("--prompt", "Tokens of a prompt; several, like 512,2048, are measured one after the other.", [512]);
        var generate = NumberOption.Count("--generate", "Tokens that each sequence decodes.", 128, least: 2);
        var concurrency = new CountsOption("--concurrency", "Sequences that decode at once.", [1, 4, 16]);
        var json = new Option<bool>("--json") { Description = "Everything as one JSON object." };
        var command = new Command("bench", "Tokens a second through the grains and without, as shares of what the machine can do.") { prompt, generate, concurrency, json };
        model.AddTo(command);
        command.Add(ConsoleCommand.Create(terminal));
        command.Add(MetricsCommand.Create(terminal));
        command.Add(HopCommand.Create(terminal));
        command.Add(PipelineCommand.Create(terminal));
        command.Add(SpreadCommand.Create(terminal));
        command.Add(TelemetryCommand.Create(terminal));
        command.Add(VisionCommand.Create(terminal));
        command.Add(MasksCommand.Create(terminal));
        command.SetAction(async (parsed, cancellation) =>
        {
            var plan = new BenchPlan(prompt.Read(parsed), parsed.GetValue(generate), concurrency.Read(parsed));
            var report = await RunAsync(model.Read(parsed), plan, terminal, cancellation);
            terminal.WriteReport(parsed.GetValue(json), report.WriteJson, report.WriteText);
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
            "llama4 bench telemetry --threads 2",
            "llama4 bench vision --tiles 4 --threads 2");
    }

    private static async Task<BenchReport> RunAsync(ModelChoice choice, BenchPlan plan, Terminal terminal, CancellationToken cancellation)
    {
        await using var cluster = await RunningModel.StartClusterAsync(choice, terminal, options => options, cancellation);
        plan.RefuseWhatDoesNotFit(cluster);
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

    /// <summary>The weights once more, and as much as a quarter for keys, values and what else the process takes.</summary>
    private static bool HoldsTwice(string directory)
    {
        var memory = GC.GetGCMemoryInfo();
        using var process = Process.GetCurrentProcess();
        using var checkpoint = Checkpoint.Open(directory);
        return process.WorkingSet64 + checkpoint.WeightBytes * 1.25 < memory.TotalAvailableMemoryBytes;
    }
}
