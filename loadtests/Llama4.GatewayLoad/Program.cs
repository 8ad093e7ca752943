using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using Llama4.Gateway.Keys;
using Llama4.GatewayLoad;
using Llama4.GatewayLoad.Clients;

// Streaming clients against a served scout-nano, a tenth of them slow and a tenth vanishing: nothing may fail but by 429 or 503, memory stays, waiting is fair.
//   dotnet run -c Release --project loadtests/Llama4.GatewayLoad -- [clients] [seconds] [rounds] [keys]
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var count = int.Parse(args.ElementAtOrDefault(0) ?? "256");
var time = TimeSpan.FromSeconds(double.Parse(args.ElementAtOrDefault(1) ?? "30"));
var rounds = int.Parse(args.ElementAtOrDefault(2) ?? "2");
var callers = int.Parse(args.ElementAtOrDefault(3) ?? $"{count}"); // the queue is fair between keys: with fewer keys than clients some share theirs

string[] distinct = [.. Enumerable.Range(0, callers).Select(_ => ApiKey.Fresh())];
string[] keys = [.. Enumerable.Range(0, count).Select(i => distinct[i % callers])];
var file = Path.GetTempFileName();
File.WriteAllLines(file, distinct.Select((key, i) => ApiKeyText.Write(new ApiKey($"client-{i}", ApiKey.DigestOf(key), new KeyLimits()))));
using var server = new ServerProcess(file);
var address = await server.ReadyAsync();
using var http = new HttpClient { BaseAddress = address };
http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", keys[0]);
Console.WriteLine($"{count} clients ({keys.Where((_, i) => i % 10 == 3).Count()} slow, {keys.Where((_, i) => i % 10 == 7).Count()} vanishing), {callers} keys, {time.TotalSeconds:0} s, {Environment.ProcessorCount} cores shared with the server, load average {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");

var failed = false;
for (var round = 1; round <= rounds; round++)
{
    var (before, cpu, watch) = (server.ResidentBytes, server.Cpu, Stopwatch.StartNew());
    var resident = new Resident(server);
    using var over = new CancellationTokenSource();
    var sampling = resident.SampleAsync(over.Token);
    var figures = new LoadFigures(await LoadRun.RunAsync(address, keys, time));
    over.Cancel();
    await sampling;
    var seconds = watch.Elapsed.TotalSeconds;
    var idle = await IdleAsync(http);
    failed |= figures.Faults.Count > 0 || server.HasFailed || idle is not null;
    Console.WriteLine($"""
        round {round}, {seconds:0.0} s to the last answer, {(server.Cpu - cpu).TotalSeconds / seconds:0.00} cores of the server's
          requests   {figures.Requests}: {figures.Whole} whole, {figures.Left} left by their client, {figures.Refused} refused (429, 503); {figures.Tokens / seconds:0} tokens/s
          faults     {(figures.Faults.Count == 0 ? "none" : string.Join(", ", figures.Faults))}
          wait       first token, steady clients: p50 {figures.Wait(0.5):0.00} s, p99 {figures.Wait(0.99):0.00} s, longest {figures.Wait(1):0.00} s
          fair       answers of a steady client {figures.Served[0]} to {figures.Served[^1]}, tokens {figures.ServedTokens[0]} to {figures.ServedTokens[^1]}, Jain's index of tokens {figures.Jain:0.000}
          memory     {before / 1e6:0} MB before, {resident.Fifths()} in fifths of the time, peak {server.ResidentBytesMax / 1e6:0}, {server.ResidentBytes / 1e6:0} after
          left over  {idle ?? "nothing: no request, sequence or KV block"}
        """);
}

foreach (var complaint in server.Complaints.Take(20))
{
    Console.WriteLine($"  server: {complaint}");
}

File.Delete(file);
return failed ? 1 : 0;

// Null when the server has nothing left of a load within ten seconds; otherwise what.
static async Task<string?> IdleAsync(HttpClient http)
{
    string[] held = [];
    for (var look = 0; look < 50; look++)
    {
        held = [.. (await http.GetStringAsync("/metrics")).Split('\n')
            .Where(line => line.StartsWith("llama4_requests_running", StringComparison.Ordinal) || line.StartsWith("llama4_sequences", StringComparison.Ordinal) || line.StartsWith("llama4_kv_blocks_used", StringComparison.Ordinal))
            .Where(line => !line.EndsWith(" 0", StringComparison.Ordinal))];
        if (held.Length == 0)
        {
            return null;
        }

        await Task.Delay(200);
    }

    return string.Join("; ", held);
}
