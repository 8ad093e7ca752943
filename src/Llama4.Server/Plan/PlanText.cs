using System.Globalization;
using System.Text;
using Llama4.Contracts;
using Llama4.Scheduling;
using Llama4.Server.Output;

namespace Llama4.Server.Plan;

/// <summary><c>plan</c> for people, 100 columns wide: owners, memory, links, batches, advice.</summary>
internal static class PlanText
{
    private const int Width = 100;

    /// <summary>More links are told as sums of each host.</summary>
    private const int LinksMax = 16;

    public static string Render(PlanReport report)
    {
        var text = new StringBuilder();
        var request = report.Request;
        Line(text, $"{report.Source}: {ByteSize.Format(request.Shape.WeightBytes)} of weights, routed experts in {PlanJson.Name(request.Shape.ExpertType)}");
        Line(text, $"{request.Work.Sequences:N0} sequences of {request.Work.Context:N0} tokens; {request.Replicas} {(request.Replicas == 1 ? "replica" : "replicas")}; standbys: {request.Standbys}");
        Owners(report, text);
        Memory(report, text);
        Links(report, text);
        Steps(report, text);
        Line(text, $"");
        foreach (var sentence in report.Prediction.Advice)
        {
            Wrapped(text, "- ", sentence);
        }

        return text.ToString().TrimEnd();
    }

    private static void Owners(PlanReport report, StringBuilder text)
    {
        Line(text, $"");
        Line(text, $"who owns what");
        var names = NameWidth(report);
        var devices = report.Hosts.Max(host => host.Device.Length);
        foreach (var host in report.Hosts)
        {
            var head = $"  {host.Capacity.Host.Name.PadRight(names)}  {host.Device.PadRight(devices)}  ";
            foreach (var part in OwnedParts.Of(report.Plan, host.Capacity.Host).DefaultIfEmpty("nothing"))
            {
                Wrapped(text, head, part);
                head = new string(' ', head.Length);
            }
        }
    }

    private static void Memory(PlanReport report, StringBuilder text)
    {
        const int bar = 30;
        Line(text, $"");
        Line(text, $"memory: # weights, + keys and values, : buffers");
        var names = NameWidth(report);
        foreach (var host in report.Prediction.Memory)
        {
            // Each boundary is rounded, not each part, so that the bar is as long as the whole.
            var weights = Cells(host.Weights);
            var kv = Cells(host.Weights + host.Kv) - weights;
            var buffers = Cells(host.Total) - weights - kv;
            var drawn = new string('#', weights) + new string('+', kv) + new string(':', buffers);
            Line(text, $"  {host.Host.Name.PadRight(names)}  [{drawn.PadRight(bar, '.')}] {ByteSize.Format(host.Total),8} of {ByteSize.Format(host.Limit)}: {ByteSize.Format(host.Weights)}, {ByteSize.Format(host.Kv)}, {ByteSize.Format(host.Buffers)}");

            int Cells(long bytes) => (int)Math.Round((double)bytes * bar / host.Limit);
        }
    }

    private static void Links(PlanReport report, StringBuilder text)
    {
        var links = report.Prediction.Links;
        Line(text, $"");
        Line(text, $"links, bytes per token{(report.Request.Replicas > 1 ? " of a replica" : "")} ({report.Request.Shape.RowBytes:N0} a row)");
        if (links.Count == 0)
        {
            Line(text, $"  none: one host owns everything");
        }
        else if (links.Count <= LinksMax)
        {
            var from = links.Max(link => link.From.Name.Length);
            var to = links.Max(link => link.To.Name.Length);
            foreach (var link in links)
            {
                Line(text, $"  {link.From.Name.PadRight(from)} -> {link.To.Name.PadRight(to)}  {link.Bytes,12:N0}  experts {link.ExpertBytes:N0}, hand-over {link.HandOverBytes:N0}");
            }
        }
        else
        {
            var names = NameWidth(report);
            foreach (var host in report.Hosts.Select(host => host.Capacity.Host))
            {
                var (sent, received) = (links.Where(link => link.From == host).ToList(), links.Where(link => link.To == host).ToList());
                if (sent.Count + received.Count > 0)
                {
                    Line(text, $"  {host.Name.PadRight(names)}  sends {sent.Sum(link => link.Bytes),10:N0} to {sent.Count,3} hosts, receives {received.Sum(link => link.Bytes),10:N0}; most on a link {sent.Concat(received).Max(link => link.Bytes):N0}");
                }
            }
        }
    }

    private static void Steps(PlanReport report, StringBuilder text)
    {
        Line(text, $"");
        Line(text, $"batch  micro-batches    step ms   tokens/s  limit (at best, by the devices' own figures)");
        foreach (var step in report.Prediction.Steps)
        {
            var fits = step.Batch <= report.Request.Work.Sequences;
            Line(text, $"{step.Batch,5}{(fits ? " " : "*")} {step.MicroBatches,13} {step.StepS * 1e3,10:0.00} {step.TokensPerS,10:N0}  {Limit(step)}");
        }

        if (report.Prediction.Steps.Any(step => step.Batch > report.Request.Work.Sequences))
        {
            Line(text, $"* more sequences than memory was planned for");
        }
    }

    private static string Limit(StepPrediction step)
    {
        var resource = PlanJson.Name(step.Resource).Replace('_', ' ');
        return string.Create(CultureInfo.InvariantCulture, $"{resource}{Of(step)}, {100 * step.Share:0} % of {(step.OneAfterAnother ? "the path" : "its time")}");
    }

    private static string Of(StepPrediction step) => step.Host is { } host ? $" {(step.OneAfterAnother ? "(most: " : "of ")}{host.Name}{(step.OneAfterAnother ? ")" : "")}" : "";

    private static int NameWidth(PlanReport report) => report.Hosts.Max(host => host.Capacity.Host.Name.Length);

    private static void Wrapped(StringBuilder text, string head, string sentence)
    {
        var line = new StringBuilder(head);
        foreach (var word in sentence.Split(' '))
        {
            if (line.Length + word.Length > Width && line.Length > head.Length)
            {
                text.Append(line.ToString().TrimEnd()).Append('\n');
                line.Clear().Append(' ', head.Length);
            }

            line.Append(word).Append(' ');
        }

        text.Append(line.ToString().TrimEnd()).Append('\n');
    }

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
