using System.Globalization;
using System.Text.Json;
using Llama4.Server.Output;

namespace Llama4.Server.Hop;

/// <summary>One size: a grain's echo and a bare socket's, by turns.</summary>
/// <param name="AllocatedPerCall">Managed bytes that the calling process allocates for a call.</param>
/// <param name="Busy">Calls of this size while 5 MB messages go to and fro; null where that was not measured.</param>
/// <param name="Tls">The grain's echo over mutual TLS; null where that was not measured.</param>
/// <param name="RawTls">A bare stream's echo over mutual TLS; null where that was not measured.</param>
internal sealed record HopFigures(int Bytes, Latencies Grain, Latencies Raw, double AllocatedPerCall, Latencies? Busy, Latencies? Tls, Latencies? RawTls)
{
    public static void WriteText(IReadOnlyList<HopFigures> all, TextWriter output)
    {
        output.WriteLine("              grain, us                  raw socket, us          grain/raw       allocated");
        output.WriteLine("   bytes    p50      p99    p99.9      p50      p99    p99.9    p50    p99          a call");
        foreach (var f in all)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{f.Bytes,8} {f.Grain.Percentile(0.5),6:0} {f.Grain.Percentile(0.99),8:0} {f.Grain.Percentile(0.999),8:0} {f.Raw.Percentile(0.5),8:0} {f.Raw.Percentile(0.99),8:0} {f.Raw.Percentile(0.999),8:0} {f.Grain.Percentile(0.5) / f.Raw.Percentile(0.5),6:0.00} {f.Grain.Percentile(0.99) / f.Raw.Percentile(0.99),6:0.00} {ByteSize.Format(f.AllocatedPerCall),15}"));
        }

        if (all.Any(f => f.Tls is not null))
        {
            output.WriteLine("              grain over TLS, us         TLS/plain     raw TLS, us     grain/raw, both over TLS");
            output.WriteLine("   bytes    p50      p99    p99.9    p50    p99      p50      p99    p50    p99");
        }

        foreach (var (f, tls, rawTls) in from f in all where f.Tls is not null && f.RawTls is not null select (f, f.Tls, f.RawTls))
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{f.Bytes,8} {tls.Percentile(0.5),6:0} {tls.Percentile(0.99),8:0} {tls.Percentile(0.999),8:0} {tls.Percentile(0.5) / f.Grain.Percentile(0.5),6:0.00} {tls.Percentile(0.99) / f.Grain.Percentile(0.99),6:0.00} {rawTls.Percentile(0.5),8:0} {rawTls.Percentile(0.99),8:0} {tls.Percentile(0.5) / rawTls.Percentile(0.5),6:0.00} {tls.Percentile(0.99) / rawTls.Percentile(0.99),6:0.00}"));
        }

        foreach (var f in all.Where(f => f.Busy is not null))
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{f.Bytes} bytes while messages of 5 MB go to and fro: p50 {f.Busy!.Percentile(0.5):0} us, {f.Busy.Percentile(0.5) / f.Grain.Percentile(0.5):0.0} times the idle one"));
        }
    }

    public static void WriteJson(IReadOnlyList<HopFigures> all, Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach (var f in all)
        {
            json.WriteStartObject();
            json.WriteNumber("bytes", f.Bytes);
            Write(json, "grain", f.Grain);
            Write(json, "raw", f.Raw);
            json.WriteNumber("allocated_bytes_per_call", Math.Round(f.AllocatedPerCall));
            if (f.Busy is not null)
            {
                Write(json, "busy", f.Busy);
            }

            if (f.Tls is not null)
            {
                Write(json, "tls", f.Tls);
            }

            if (f.RawTls is not null)
            {
                Write(json, "raw_tls", f.RawTls);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string name, Latencies latencies)
    {
        json.WriteNumber($"{name}_p50_us", Math.Round(latencies.Percentile(0.5), 1));
        json.WriteNumber($"{name}_p99_us", Math.Round(latencies.Percentile(0.99), 1));
        json.WriteNumber($"{name}_p999_us", Math.Round(latencies.Percentile(0.999), 1));
    }
}
