using System.Globalization;
using System.Text.Json;

namespace Llama4.Server.Bench;

/// <summary>The same in turn.</summary>
internal sealed record ConsoleRound(SliceFigures Unwatched, SliceFigures Watched, SliceFigures Traced);

/// <summary>What <c>llama4 bench console</c> found for one number of sequences.</summary>
internal sealed record ConsoleFigures(int Sequences, IReadOnlyList<ConsoleRound> Rounds)
{
    public static void WriteText(IEnumerable<ConsoleFigures> figures, TextWriter output)
    {
        output.WriteLine("sequences  tokens/s unwatched  watched  of it  with paths  of it   CPU us/token  watched  of it  with paths  of it");
        foreach (var f in figures)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{f.Sequences,9}  {f.MedianOf(r => r.Unwatched.TokensPerS),18:0.0}  {f.MedianOf(r => r.Watched.TokensPerS),7:0.0}  {f.MedianOf(r => r.Watched.TokensPerS / r.Unwatched.TokensPerS),5:0.000}  {f.MedianOf(r => r.Traced.TokensPerS),10:0.0}  {f.MedianOf(r => r.Traced.TokensPerS / r.Unwatched.TokensPerS),5:0.000}   {f.MedianOf(r => r.Unwatched.CpuUsPerToken),12:0.0}  {f.MedianOf(r => r.Watched.CpuUsPerToken),7:0.0}  {f.MedianOf(r => r.Watched.CpuUsPerToken / r.Unwatched.CpuUsPerToken),5:0.000}  {f.MedianOf(r => r.Traced.CpuUsPerToken),10:0.0}  {f.MedianOf(r => r.Traced.CpuUsPerToken / r.Unwatched.CpuUsPerToken),5:0.000}"));
        }
    }

    public static void WriteJson(IEnumerable<ConsoleFigures> figures, Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach (var f in figures)
        {
            json.WriteStartObject();
            json.WriteNumber("sequences", f.Sequences);
            json.WriteNumber("rounds", f.Rounds.Count);
            json.WriteNumber("tokens_per_second", Math.Round(f.MedianOf(r => r.Unwatched.TokensPerS), 2));
            json.WriteNumber("watched_ratio", Math.Round(f.MedianOf(r => r.Watched.TokensPerS / r.Unwatched.TokensPerS), 4));
            json.WriteNumber("paths_ratio", Math.Round(f.MedianOf(r => r.Traced.TokensPerS / r.Unwatched.TokensPerS), 4));
            json.WriteNumber("cpu_us_per_token", Math.Round(f.MedianOf(r => r.Unwatched.CpuUsPerToken), 2));
            json.WriteNumber("watched_cpu_ratio", Math.Round(f.MedianOf(r => r.Watched.CpuUsPerToken / r.Unwatched.CpuUsPerToken), 4));
            json.WriteNumber("paths_cpu_ratio", Math.Round(f.MedianOf(r => r.Traced.CpuUsPerToken / r.Unwatched.CpuUsPerToken), 4));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private double MedianOf(Func<ConsoleRound, double> figure) => Median.Of(Rounds.Select(figure));
}
