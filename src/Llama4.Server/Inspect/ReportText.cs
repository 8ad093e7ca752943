using System.Globalization;
using System.Text;
using Llama4.Model;
using Llama4.Server.Output;

namespace Llama4.Server.Inspect;

/// <summary><c>inspect</c> for people: sums first, then the layer plan, then the parameters.</summary>
internal static class ReportText
{
    public static string Render(ModelReport report)
    {
        var text = new StringBuilder();
        Line($"{report.Source}");
        Line($"");
        Line($"parameters            {report.Total:N0} ({Billions(report.Total)}), of which vision {report.Vision:N0}");
        Line($"active per token      {report.ActivePerToken:N0} ({Billions(report.ActivePerToken)}); {report.ActivePerTokenWithEmbedding:N0} with the embedding table");
        Line($"bytes                 {report.Bytes:N0} ({ByteSize.Format(report.Bytes)})");
        foreach (var (kind, name) in ReportJson.Kinds.Where(k => report.BytesOf(k.Kind) > 0))
        {
            Line($"  {name,-20}{report.BytesOf(kind):N0} ({ByteSize.Format(report.BytesOf(kind))}, {100.0 * report.BytesOf(kind) / report.Bytes:0.0} %)");
        }

        Line($"KV bytes per token    {report.KvBytesPerTokenAndLayer:N0} a layer");
        if (report.ChunkedLayers > 0)
        {
            var chunk = report.Config.AttentionChunk ?? 0;
            Line($"  chunked layers      {report.ChunkedLayers} x {report.KvBytesPerTokenAndLayer:N0} = {report.ChunkedLayers * report.KvBytesPerTokenAndLayer:N0}, for at most {chunk:N0} tokens ({ByteSize.Format(report.ChunkedLayers * report.KvBytesPerTokenAndLayer * (double)chunk)})");
        }

        Line($"  full layers         {report.FullLayers} x {report.KvBytesPerTokenAndLayer:N0} = {report.FullLayers * report.KvBytesPerTokenAndLayer:N0}, growing to {report.Config.MaxPositions:N0} tokens");
        Line($"");
        Line($"layers");
        foreach (var (range, plan) in Runs(report.Config.Layers))
        {
            Line($"  {range,-10}{plan}");
        }

        Line($"");
        var rows = CollapsedTable.Rows(report.Parameters).ToList();
        var nameWidth = rows.Max(r => r.Name.Length);
        var shapeWidth = rows.Max(r => r.Parameter is null ? 0 : Shape(r.Parameter).Length);
        Line($"{"name".PadRight(nameWidth)}  {"shape".PadRight(shapeWidth)}  dtype  {"count",14}");
        foreach (var (name, parameter) in rows)
        {
            Line(parameter is null
                ? $"{name}"
                : (FormattableString)$"{name.PadRight(nameWidth)}  {Shape(parameter).PadRight(shapeWidth)}  {parameter.Type,-5}  {parameter.Parameter.Count,14:N0}");
        }

        return text.ToString().TrimEnd();

        void Line(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>RoPE or NoPE, mask, feed-forward: one line for layers in a row that are alike.</summary>
    private static IEnumerable<(string Range, string Plan)> Runs(IReadOnlyList<LayerPlan> layers)
    {
        for (var start = 0; start < layers.Count;)
        {
            var end = start;
            while (end + 1 < layers.Count && layers[end + 1] == layers[start] with { Index = end + 1 })
            {
                end++;
            }

            yield return (start == end ? $"{start}" : $"{start}-{end}", Plan(layers[start]));
            start = end + 1;
        }
    }

    private static string Plan(LayerPlan layer) => string.Join(
        ", ",
        (layer.UsesRope ? "RoPE" : "NoPE") + (layer.UsesQkNorm ? " + q/k norm" : "") + (layer.UsesTemperature ? " + temperature" : ""),
        layer.Mask == AttentionMask.Chunked ? "chunked attention" : "full attention",
        layer.IsMoe ? "MoE" : "dense");

    private static string Shape(StoredParameter parameter) => $"[{string.Join(", ", parameter.Parameter.Shape)}]";

    private static string Billions(long count) => count >= 1_000_000_000
        ? string.Create(CultureInfo.InvariantCulture, $"{count / 1e9:0.0}B")
        : string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:0.0}M");
}
