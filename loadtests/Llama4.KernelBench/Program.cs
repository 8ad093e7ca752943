using System.Text.Json;
using Llama4.Compute.Measure;
using Llama4.KernelBench;

// Usage: Llama4.KernelBench [--threads N] [--only cached,products,layers,long,nano] [--match TEXT] [--seconds S] [--json]
// Figures go to standard error as they come; --json prints all of them to standard output at the end.
string Option(string name, string otherwise) => Array.IndexOf(args, name) is var i and >= 0 && i + 1 < args.Length ? args[i + 1] : otherwise;
int threads = int.Parse(Option("--threads", Environment.ProcessorCount.ToString()));
string only = Option("--only", "");
double seconds = double.Parse(Option("--seconds", "1"));

MachineFigures machine = MachineProbe.Measure(threads);
Console.Error.WriteLine($"{machine.InstructionSet}, {threads} threads: reads {machine.ReadGbPerSecond:F1} GB/s, {machine.FmaGflopPerSecond:F1} GFLOP/s of fp32 FMA");
await using CpuDevice device = CpuDevice.Create(threads);
using var probe = new MachineProbe(threads);
var watches = new Stopwatches(device, probe, seconds, Option("--match", ""));
var parts = new (string Name, Func<CpuDevice, Stopwatches, Task> Run)[]
{
    ("cached", CachedBench.RunAsync), ("products", ProductsBench.RunAsync), ("layers", LayersBench.RunAsync),
    ("long", LongContextBench.RunAsync), ("nano", NanoBench.RunAsync),
};
foreach ((string name, Func<CpuDevice, Stopwatches, Task> run) in parts)
{
    if (only == "" || only.Split(',').Contains(name))
    {
        await run(device, watches);
    }
}

MachineFigures after = MachineProbe.Measure(threads);
Console.Error.WriteLine($"afterwards: reads {after.ReadGbPerSecond:F1} GB/s, {after.FmaGflopPerSecond:F1} GFLOP/s");
if (args.Contains("--json"))
{
    Console.WriteLine(JsonSerializer.Serialize(
        new { machine, after, figures = watches.Figures },
        new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true }));
}
