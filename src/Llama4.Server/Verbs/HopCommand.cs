using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using Llama4.Client.Transport;
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
        var secure = new Option<bool>("--tls") { Description = "Also over mutual TLS, by turns with the rest: what it costs." };
        var farEnd = new Option<string?>("--far-end") { Hidden = true };
        var certificate = new Option<string?>("--cluster-tls") { Hidden = true };
        var authorityFile = new Option<string?>("--cluster-ca") { Hidden = true };
        var command = new Command("hop", "Microseconds of a call to a grain in another process, beside a bare socket.") { sizes, secure, json, farEnd, certificate, authorityFile };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(farEnd) is { } primary)
            {
                var tls = parsed.GetValue(certificate) is { } file && parsed.GetValue(authorityFile) is { } signer ? new ClusterTls(file, signer) : null;
                await FarEnd.ServeAsync(IPEndPoint.Parse(primary), tls, terminal, cancellation);
                return CommandLine.Success;
            }

            using var authority = parsed.GetValue(secure) ? new PassingAuthority() : null;
            await using var bare = await PairAsync(null, cancellation);
            await using var secured = authority is null ? null : await PairAsync(authority, cancellation);
            using var raw = await RawEcho.ConnectAsync(bare.Far.Raw, null, cancellation);
            using var rawSecured = secured is null ? null : await RawEcho.ConnectAsync(secured.Far.Raw, authority!.Sign("raw"), cancellation);
            var bench = new HopBench(bare.Target, raw, secured?.Target, rawSecured, TimeOfSize);
            var figures = await ProgressLine.RunAsync(
                terminal, "hops", progress => bench.RunAsync(parsed.GetValue(sizes) is { Length: > 0 } given ? given : Sizes, progress, cancellation));
            terminal.WriteReport(parsed.GetValue(json), writer => HopFigures.WriteJson(figures, writer), output => HopFigures.WriteText(figures, output));
            return CommandLine.Success;
        });
        return command;
    }

    private static async Task<HopPair> PairAsync(PassingAuthority? authority, CancellationToken cancellation) =>
        await HopPair.StartAsync(authority?.Sign("near"), authority?.Sign("far"), cancellation);

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
