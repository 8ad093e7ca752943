using System.Globalization;
using System.Text.Json;

namespace Llama4.Server.Masks;

/// <summary>One schema: microseconds of every mask, milliseconds from its text to the first mask.</summary>
internal sealed record MaskFigures(string Id, double[] MasksUs, double CompileMs)
{
    public double Percentile(double share) => MasksUs.Order().ElementAt((int)Math.Ceiling(share * MasksUs.Length) - 1);
}

/// <summary>What <c>llama4 bench masks</c> prints.</summary>
/// <param name="Layout">Laying the vocabulary out, once for a tokenizer.</param>
internal sealed record MaskReport(TimeSpan Layout, IReadOnlyList<MaskFigures> Schemas)
{
    private MaskFigures All => new(
        "all", [.. Schemas.SelectMany(schema => schema.MasksUs)], Schemas.Select(schema => schema.CompileMs).Order().ElementAt(Schemas.Count / 2));

    public void WriteText(TextWriter output)
    {
        output.WriteLine("schema              masks      min   median     mean      p99      max us   compile ms");
        foreach (var schema in Schemas.Append(All))
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{schema.Id,-18} {schema.MasksUs.Length,6} {schema.MasksUs.Min(),8:0.0} {schema.Percentile(0.5),8:0.0} {schema.MasksUs.Average(),8:0.0} {schema.Percentile(0.99),8:0.0} {schema.MasksUs.Max(),8:0.0} {schema.CompileMs,12:0.00}"));
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"the vocabulary took {Layout.TotalMilliseconds:0} ms, once"));
    }

    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("vocabulary_ms", Math.Round(Layout.TotalMilliseconds));
        json.WriteStartArray("schemas");
        foreach (var schema in Schemas.Append(All))
        {
            json.WriteStartObject();
            json.WriteString("id", schema.Id);
            json.WriteNumber("masks", schema.MasksUs.Length);
            json.WriteNumber("min_us", Math.Round(schema.MasksUs.Min(), 2));
            json.WriteNumber("median_us", Math.Round(schema.Percentile(0.5), 2));
            json.WriteNumber("mean_us", Math.Round(schema.MasksUs.Average(), 2));
            json.WriteNumber("p99_us", Math.Round(schema.Percentile(0.99), 2));
            json.WriteNumber("max_us", Math.Round(schema.MasksUs.Max(), 2));
            json.WriteNumber("compile_ms", Math.Round(schema.CompileMs, 3));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
