using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using Llama4.Cluster.Hop;
using Llama4.Server.Hop;
using Llama4.Server.Output;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 bench hop</c>: what a call to a grain in another process costs beside a bare socket.</summary>
internal static class HopCommand
{
    /// <summary>One row of Llama 4, ten, a decode batch of 64, and a prefill chunk of 512 rows.</summary>
    private static readonly int[] Sizes = [10_000, 100_000, 655_000, 5_000_000];

    private const int BytesMax = 60_000_000;

    /// <summary>Some 300 calls of 5 MB, 20,000 of 10 KB: enough for a p99.9 of the small ones.</summary>
    private static readonly TimeSpan TimeOfSize = TimeSpan.FromSeconds(4);

    public static Command Create(Terminal terminal)
    {
        var sizes = new Option<int[]>("--sizes")
        {
            Description = "Bytes of the messages. [default: 10KB,100KB,655KB,5MB]",
            HelpName = "SIZE,…",
            CustomParser = ParseSizes,
        };
        var json = new Option<bool>("--json") { Description = "A JSON array, an object for each size." };
        var farEnd = new Option<string?>("--far-end") { Hidden = true };
        var command = new Command("hop", "Microseconds of a call to a grain in another process, beside a bare socket.") { sizes, json, farEnd };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(farEnd) is { } primary)
            {
                await FarEnd.ServeAsync(IPEndPoint.Parse(primary), terminal, cancellation);
                return CommandLine.Success;
            }

            await using var near = await HopHost.StartAsync("near", null, null, cancellation);
            await using var far = await FarEnd.StartAsync(near.Endpoint, cancellation);
            using var raw = await RawEcho.ConnectAsync(far.Raw, cancellation);
            var bench = new HopBench(await near.TargetAsync(FarEnd.Name, cancellation), raw, TimeOfSize);
            var figures = await ProgressLine.RunAsync(
                terminal, "hops", progress => bench.RunAsync(parsed.GetValue(sizes) is { Length: > 0 } given ? given : Sizes, progress, cancellation));
            if (parsed.GetValue(json))
            {
                terminal.WriteJson(writer => HopFigures.WriteJson(figures, writer));
            }
            else
            {
                HopFigures.WriteText(figures, terminal.Output);
            }

            return CommandLine.Success;
        });
        return command;
    }

    private static int[]? ParseSizes(ArgumentResult result)
    {
        var sizes = new List<int>();
        foreach (var text in result.Tokens[0].Value.Split(','))
        {
            if (!ByteSize.TryParse(text, out var bytes) || bytes < 2 || bytes > BytesMax)
            {
                result.AddError($"--sizes: expected sizes from 2 to {BytesMax} bytes like 10KB,5MB, found '{text}'");
                return null;
            }

            sizes.Add((int)bytes);
        }

        return [.. sizes];
    }
}
