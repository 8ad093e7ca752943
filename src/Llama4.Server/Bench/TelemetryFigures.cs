using System.Globalization;
using System.Text.Json;

namespace Llama4.Server.Bench;

/// <summary>The same in every mode, in turn.</summary>
internal sealed class TelemetryRound
{
    private readonly Dictionary<TelemetryMode, (SliceFigures Slice, double BytesPerS)> _slices = [];

    public void Add(TelemetryMode mode, SliceFigures slice, double bytesPerS) => _slices.Add(mode, (slice, bytesPerS));

    public SliceFigures Of(TelemetryMode mode) => _slices[mode].Slice;

    /// <summary>To the collector.</summary>
    public double BytesPerS(TelemetryMode mode) => _slices[mode].BytesPerS;
}

/// <summary>What <c>llama4 bench telemetry</c> found for one number of sequences.</summary>
internal sealed record TelemetryFigures(int Sequences, IReadOnlyList<TelemetryRound> Rounds)
{
    public static void WriteText(IEnumerable<TelemetryFigures> figures, TextWriter output)
    {
        output.WriteLine("sequences  exported              tokens/s  of off   CPU us/token  of off   bytes/s");
        foreach (var f in figures)
        {
            foreach (var mode in TelemetryBench.Modes)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{f.Sequences,9}  {Name(mode),-20}  {f.TokensPerS(mode),8:0.0}  {f.Share(mode),6:0.000}   {f.CpuUs(mode),12:0.0}  {f.CpuShare(mode),6:0.000}  {f.MedianOf(r => r.BytesPerS(mode)),8:0}"));
            }
        }
    }

    public static void WriteJson(IEnumerable<TelemetryFigures> figures, Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach (var f in figures)
        {
            foreach (var mode in TelemetryBench.Modes)
            {
                json.WriteStartObject();
                json.WriteNumber("sequences", f.Sequences);
                json.WriteNumber("rounds", f.Rounds.Count);
                json.WriteString("exported", Name(mode));
                json.WriteNumber("tokens_per_second", Math.Round(f.TokensPerS(mode), 2));
                json.WriteNumber("ratio", Math.Round(f.Share(mode), 4));
                json.WriteNumber("cpu_us_per_token", Math.Round(f.CpuUs(mode), 2));
                json.WriteNumber("cpu_ratio", Math.Round(f.CpuShare(mode), 4));
                json.WriteNumber("bytes_per_second", Math.Round(f.MedianOf(r => r.BytesPerS(mode))));
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
    }

    private static string Name(TelemetryMode mode) => mode switch
    {
        TelemetryMode.Off => "nothing",
        TelemetryMode.Metrics => "metrics",
        TelemetryMode.Sampled => "traces of 1 in 100",
        _ => "traces of all",
    };

    private double TokensPerS(TelemetryMode mode) => MedianOf(r => r.Of(mode).TokensPerS);

    private double CpuUs(TelemetryMode mode) => MedianOf(r => r.Of(mode).CpuUsPerToken);

    /// <summary>Of each round, not of the medians: what disturbs a round disturbs both.</summary>
    private double Share(TelemetryMode mode) => MedianOf(r => r.Of(mode).TokensPerS / r.Of(TelemetryMode.Off).TokensPerS);

    private double CpuShare(TelemetryMode mode) => MedianOf(r => r.Of(mode).CpuUsPerToken / r.Of(TelemetryMode.Off).CpuUsPerToken);

    private double MedianOf(Func<TelemetryRound, double> figure) => Median.Of(Rounds.Select(figure));
}
