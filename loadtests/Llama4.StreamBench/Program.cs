using System.Diagnostics;
using System.Globalization;
using Llama4.StreamBench;

// Streams answers from a running server and counts the tokens that arrive: tokens/s over HTTP, at one and at many streams.
//   dotnet run -c Release --project loadtests/Llama4.StreamBench -- http://127.0.0.1:8080 [streams,...] [tokens] [runs]
if (args.Length is < 1 or > 4 || !Uri.TryCreate(args[0], UriKind.Absolute, out var address))
{
    Console.Error.WriteLine("usage: Llama4.StreamBench http://HOST:PORT [streams,...] [tokens] [runs]");
    return 2;
}

var concurrencies = Array.ConvertAll((args.ElementAtOrDefault(1) ?? "1,32").Split(','), text => int.Parse(text, CultureInfo.InvariantCulture));
var tokens = int.Parse(args.ElementAtOrDefault(2) ?? "512", CultureInfo.InvariantCulture);
var runs = int.Parse(args.ElementAtOrDefault(3) ?? "5", CultureInfo.InvariantCulture);

foreach (var streams in concurrencies)
{
    var rates = new List<double>();
    for (var run = 0; run <= runs; run++)
    {
        var watch = Stopwatch.StartNew();
        var counts = await Task.WhenAll(Enumerable.Range(0, streams).Select(i => SseStream.CountTokensAsync(address, $"Tell me story number {run} of {i}.", tokens)));
        var seconds = watch.Elapsed.TotalSeconds;
        if (counts.Any(count => count != tokens))
        {
            Console.Error.WriteLine($"expected {tokens} tokens on each stream, found {string.Join(", ", counts.Distinct())}");
            return 1;
        }

        if (run > 0)
        {
            rates.Add(streams * tokens / seconds); // the first run warms up
        }
    }

    rates.Sort();
    Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{streams,4} streams x {tokens} tokens: median {rates[rates.Count / 2],8:F0} tokens/s (lowest {rates[0]:F0}, highest {rates[^1]:F0}, {runs} runs)"));
}

return 0;
