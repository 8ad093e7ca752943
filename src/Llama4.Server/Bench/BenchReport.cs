using System.Globalization;
using System.Text.Json;
using Llama4.Compute.Measure;

namespace Llama4.Server.Bench;

/// <param name="Direct">Tokens a second without grains; null where the machine does not hold the weights twice.</param>
/// <param name="FmaShare">Of the machine's fp32 multiply-add peak.</param>
internal sealed record PrefillFigures(int Tokens, double PerSecond, double? Direct, double FmaShare);

/// <param name="PerSecond">Tokens of all sequences together.</param>
/// <param name="Direct">The same without grains; null where the machine does not hold the weights twice.</param>
/// <param name="BandwidthShare">Of the machine's read bandwidth, each touched expert counted once a step; null without the direct run that counts them.</param>
internal sealed record DecodeFigures(int Sequences, double PerSecond, double? Direct, double? BandwidthShare);

/// <param name="PeakResident">Of the cluster alone: taken before the direct model and the probe.</param>
internal sealed record MemoryFigures(long Weights, long Kv, long PeakResident);

/// <summary>What <c>llama4 bench</c> found: medians of rounds in which machine, grains and direct calls took turns.</summary>
internal sealed record BenchReport(
    MachineFigures Machine, IReadOnlyList<PrefillFigures> Prefill, IReadOnlyList<DecodeFigures> Decode, MemoryFigures Memory)
{
    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartObject("machine");
        json.WriteNumber("read_gb_per_second", Rounded(Machine.ReadGbPerSecond));
        json.WriteNumber("fma_gflop_per_second", Rounded(Machine.FmaGflopPerSecond));
        json.WriteNumber("threads", Machine.Threads);
        json.WriteString("instruction_set", Machine.InstructionSet);
        json.WriteEndObject();
        json.WriteStartArray("prefill");
        foreach (var figures in Prefill)
        {
            json.WriteStartObject();
            json.WriteNumber("tokens", figures.Tokens);
            json.WriteNumber("tokens_per_second", Rounded(figures.PerSecond));
            WriteOptional(json, "direct_tokens_per_second", figures.Direct);
            json.WriteNumber("share_of_fma_peak", Rounded(figures.FmaShare));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("decode");
        foreach (var figures in Decode)
        {
            json.WriteStartObject();
            json.WriteNumber("sequences", figures.Sequences);
            json.WriteNumber("tokens_per_second", Rounded(figures.PerSecond));
            WriteOptional(json, "direct_tokens_per_second", figures.Direct);
            WriteOptional(json, "share_of_bandwidth", figures.BandwidthShare);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("memory");
        json.WriteNumber("weights_bytes", Memory.Weights);
        json.WriteNumber("kv_bytes", Memory.Kv);
        json.WriteNumber("peak_resident_bytes", Memory.PeakResident);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    public void WriteText(TextWriter output)
    {
        Line($"machine   {Machine.ReadGbPerSecond:0.0} GB/s read, {Machine.FmaGflopPerSecond:0} GFLOP/s fp32, {Machine.Threads} threads, {Machine.InstructionSet}");
        Line($"memory    {Output.ByteSize.Format(Memory.Weights)} of weights, {Output.ByteSize.Format(Memory.Kv)} for keys and values, {Output.ByteSize.Format(Memory.PeakResident)} resident at most");
        Line($"");
        Line($"prefill    tokens/s      direct    grains of direct    of FMA peak");
        foreach (var f in Prefill)
        {
            Line($"{f.Tokens,7}  {f.PerSecond,10:0.0}  {f.Direct,10:0.0}  {f.PerSecond / f.Direct,18:0.0 %}  {f.FmaShare,13:0.0 %}");
        }

        Line($"");
        Line($"decode     tokens/s      direct    grains of direct    of bandwidth");
        foreach (var f in Decode)
        {
            Line($"{f.Sequences,7}  {f.PerSecond,10:0.0}  {f.Direct,10:0.0}  {f.PerSecond / f.Direct,18:0.0 %}  {f.BandwidthShare,13:0.0 %}");
        }

        void Line(FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture).TrimEnd());
    }

    /// <summary>Four digits: more would claim a precision that no machine repeats.</summary>
    private static double Rounded(double value) => value == 0 ? 0 : double.Parse(value.ToString("G4", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static void WriteOptional(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, Rounded(number));
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
