using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Llama4.Model;
using Llama4.Server.Bench;
using Llama4.Server.Output;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 bench vision</c>: what a tile costs in the vision tower at the released sizes.</summary>
internal static class VisionCommand
{
    public static Command Create(Terminal terminal)
    {
        var tiles = NumberOption.Count("--tiles", "Tiles of the image; a large one has 17.", 4, most: 1000);
        var atOnce = NumberOption.Count("--at-once", "Tiles that go through the tower together.", VisionTower.TilesAtOnceDefault, most: 64);
        var layers = NumberOption.Count("--layers", "Blocks of the tower; the released ones have 34.", 34, most: 256);
        var threads = NumberOption.Count("--threads", "Compute threads. Default: one for each core.", Environment.ProcessorCount, most: 1024);
        var json = new Option<bool>("--json") { Description = "A JSON array, an object for each type." };
        var command = new Command("vision", "Milliseconds a tile in the vision tower, in fp32 and bf16, beside its matrix product alone.") { tiles, atOnce, layers, threads, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var bench = new VisionBench(parsed.GetValue(threads), parsed.GetValue(layers), parsed.GetValue(tiles), parsed.GetValue(atOnce));
            var figures = new List<VisionFigures>();
            foreach (var mode in new[] { ComputeMode.Fp32, ComputeMode.Bf16 })
            {
                figures.Add(await ProgressLine.RunAsync(terminal, $"{Name(mode)}", _ => bench.MeasureAsync(mode, cancellation)));
            }

            terminal.WriteReport(parsed.GetValue(json), writer => WriteJson(figures, writer), output => WriteText(figures, output));
            return CommandLine.Success;
        });
        return command;
    }

    private static void WriteText(List<VisionFigures> figures, TextWriter output) => figures.ForEach(figure => output.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{Name(figure.Mode)}  {figure.MsPerTile,8:F0} ms a tile  {figure.GflopPerSecond,7:F1} GFLOP/s  {figure.GflopPerSecond / figure.MatMulGflopPerSecond,4:P0} of its matrix product's {figure.MatMulGflopPerSecond:F1}  ({figure.Layers} blocks, {figure.TilesAtOnce} tiles at once, {figure.Threads} threads)")));

    private static void WriteJson(List<VisionFigures> figures, Utf8JsonWriter writer)
    {
        writer.WriteStartArray();
        foreach (var figure in figures)
        {
            writer.WriteStartObject();
            writer.WriteString("compute", Name(figure.Mode));
            writer.WriteNumber("threads", figure.Threads);
            writer.WriteNumber("layers", figure.Layers);
            writer.WriteNumber("tiles", figure.Tiles);
            writer.WriteNumber("tiles_at_once", figure.TilesAtOnce);
            writer.WriteNumber("ms_per_tile", figure.MsPerTile);
            writer.WriteNumber("gflop_per_s", figure.GflopPerSecond);
            writer.WriteNumber("matmul_gflop_per_s", figure.MatMulGflopPerSecond);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static string Name(ComputeMode mode) => mode == ComputeMode.Bf16 ? "bf16" : "fp32";
}
