using System.Globalization;
using System.Text.Json;
using Llama4.Contracts;
using Llama4.Server.Output;

namespace Llama4.Server.Bench;

/// <summary>One workload in rounds, tokens a second.</summary>
/// <param name="What">prefill or decode.</param>
/// <param name="Size">Tokens of the prompt, or sequences that decode at once.</param>
internal sealed record SpreadFigures(string What, int Size, IReadOnlyList<(double Many, double One)> Rounds)
{
    public double Many => Median.Of(Rounds.Select(round => round.Many));

    public double One => Median.Of(Rounds.Select(round => round.One));

    /// <summary>Median of the rounds' own ratios.</summary>
    public double Ratio => Median.Of(Rounds.Select(round => round.Many / round.One));
}

/// <summary>What <c>llama4 bench spread</c> found.</summary>
/// <param name="Threads">Of the one process; the cluster's hosts have what they were started with.</param>
internal sealed record SpreadReport(ClusterStatus Cluster, int Threads, IReadOnlyList<SpreadFigures> Figures)
{
    public void WriteText(TextWriter output)
    {
        foreach (var host in Cluster.Hosts)
        {
            Line($"host      {host.Host}: {Owned(host.Host)}, {ByteSize.Format(host.WeightBytes)} of weights");
        }

        Line($"process   this one, alone: everything, {Threads} threads");
        Line($"");
        Line($"            tokens/s     cluster  one process     ratio  ratios of the rounds");
        foreach (var f in Figures)
        {
            Line($"{f.What,-8}  {f.Size,10}  {f.Many,10:0.0}  {f.One,11:0.0}  {f.Ratio,8:0.000}  {string.Join(' ', f.Rounds.Select(round => (round.Many / round.One).ToString("0.00", CultureInfo.InvariantCulture)))}");
        }

        void Line(FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
    }

    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("hosts", Cluster.Hosts.Length);
        json.WriteNumber("process_threads", Threads);
        json.WriteStartArray("figures");
        foreach (var f in Figures)
        {
            json.WriteStartObject();
            json.WriteString("what", f.What);
            json.WriteNumber(f.What == "prefill" ? "tokens" : "sequences", f.Size);
            json.WriteNumber("cluster_tokens_per_second", Math.Round(f.Many, 2));
            json.WriteNumber("process_tokens_per_second", Math.Round(f.One, 2));
            json.WriteNumber("ratio", Math.Round(f.Ratio, 4));
            json.WriteStartArray("ratios");
            foreach (var (many, one) in f.Rounds)
            {
                json.WriteNumberValue(Math.Round(many / one, 4));
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>What the plan gives to a host: layers of attention, experts over all layers, engine, vocabulary.</summary>
    private string Owned(HostId host)
    {
        if (Cluster.Plan is not { } plan)
        {
            return "nothing";
        }

        var layers = plan.Replicas.SelectMany(replica => replica.Stages).Where(stage => stage.Host == host).Sum(stage => stage.Layers);
        var experts = plan.Layers.SelectMany(layer => layer.ExpertGroups).Where(group => group.Host == host).Sum(group => group.Count);
        string[] parts =
        [
            .. plan.Replicas.Any(replica => replica.Engine == host) ? ["engine"] : Array.Empty<string>(),
            .. plan.Replicas.Any(replica => replica.Vocabulary == host) ? ["vocabulary"] : Array.Empty<string>(),
            .. layers > 0 ? [$"attention of {layers} layers"] : Array.Empty<string>(),
            .. experts > 0 ? [$"{experts} experts"] : Array.Empty<string>(),
        ];
        return parts.Length == 0 ? "nothing" : string.Join(", ", parts);
    }
}
