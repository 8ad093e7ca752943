using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests;

/// <summary>
/// Measures the streaming path over loopback: prints tokens/s, asserts only that every token arrives. Explicit, since a figure is no test.
/// On one core: <c>taskset -c 0 dotnet run -c Release --project tests/Llama4.Gateway.Tests -- -explicit only -showLiveOutput -class Llama4.Gateway.Tests.SseThroughput</c>.
/// The client and the scripted cluster run on the same core, so the gateway alone is faster.
/// </summary>
public class SseThroughput(ITestOutputHelper output)
{
    private const int Streams = 32;
    private const int EventBytes = 250;

    private static readonly int Word = ScoutNano.Tokenizer.Encode(" the")[0];

    [Theory(Explicit = true)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Gateway(bool singly)
    {
        var cluster = ScriptedClient.Silent();
        await using var gateway = await TestGateway.StartAsync(cluster);
        var clients = new List<TcpClient>();
        for (var i = 0; i < Streams; i++)
        {
            clients.Add(await ConnectAsync(gateway));
        }

        var generations = new List<ScriptedGeneration>();
        for (var i = 0; i < Streams; i++)
        {
            generations.Add(await cluster.NextAsync());
        }

        var readers = clients.ConvertAll(client => new EventCounter(client.GetStream()));
        await Task.WhenAll(readers.Select(reader => reader.ReadAsync(1))); // the roles
        await MeasureAsync(singly ? "gateway, each token flushed by itself" : "gateway, tokens gathered", generations, readers, singly);
        clients.ForEach(client => client.Dispose());
    }

    /// <summary>The same script and clients with nothing between them but a loop that writes a ready event: what is left for the gateway is the difference.</summary>
    [Fact(Explicit = true)]
    public async Task SocketsAlone()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var generations = Enumerable.Range(0, Streams).Select(_ => new ScriptedGeneration(new GenerateRequest { Id = Guid.NewGuid(), Prompt = [0], TokensMax = 1 })).ToList();
        var clients = new List<TcpClient>();
        var loops = new List<Task>();
        foreach (var generation in generations)
        {
            var client = new TcpClient { NoDelay = true };
            await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
            clients.Add(client);
            loops.Add(PassOnAsync(generation, await listener.AcceptSocketAsync()));
        }

        await MeasureAsync("sockets alone", generations, clients.ConvertAll(client => new EventCounter(client.GetStream())), singly: true);
        await Task.WhenAll(generations.Select(generation => generation.DisposeAsync().AsTask()));
        await Task.WhenAll(loops);
        clients.ForEach(client => client.Dispose());
    }

    private static async Task PassOnAsync(ScriptedGeneration generation, Socket socket)
    {
        using var own = socket;
        socket.NoDelay = true;
        byte[] ready = [.. new byte[EventBytes - 3], .. "}\n\n"u8];
        await foreach (var _ in generation.Chunks())
        {
            await socket.SendAsync(ready);
        }
    }

    private async Task MeasureAsync(string what, List<ScriptedGeneration> generations, List<EventCounter> readers, bool singly)
    {
        const int Warmup = 500;
        const int Tokens = 3000;
        await SendAsync(generations, readers, Warmup, singly);
        var events = readers.Sum(reader => reader.Events);
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var clock = Stopwatch.StartNew();
        await SendAsync(generations, readers, Tokens, singly);
        var seconds = clock.Elapsed.TotalSeconds;
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;

        (readers.Sum(reader => reader.Events) - events).ShouldBe(Streams * Tokens);
        output.WriteLine(
            $"{what}: {Streams * Tokens / seconds:F0} tokens/s over {Streams} streams, {cpu.TotalMicroseconds / (Streams * Tokens):F1} us of CPU "
            + $"and {allocated / (Streams * Tokens)} bytes allocated a token, client and script included");
    }

    /// <summary>Singly: the next token of any stream is given only when all streams have received the one before, so nothing can gather.</summary>
    private static async Task SendAsync(List<ScriptedGeneration> generations, List<EventCounter> readers, int tokens, bool singly)
    {
        var rounds = singly ? tokens : 1;
        for (var round = 0; round < rounds; round++)
        {
            foreach (var generation in generations)
            {
                for (var i = 0; i < tokens / rounds; i++)
                {
                    generation.Token(Word);
                }
            }

            await Task.WhenAll(readers.Select(reader => reader.ReadAsync(tokens / rounds)));
        }
    }

    private static async Task<TcpClient> ConnectAsync(TestGateway gateway)
    {
        const string Body = """{"model":"scout-nano","messages":[{"role":"user","content":"x"}],"stream":true}""";
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(gateway.Http.BaseAddress!.Host, gateway.Http.BaseAddress.Port);
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(
            $"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\n\r\n{Body}"));
        return client;
    }

    /// <summary>Counts events by what each begins with.</summary>
    private sealed class EventCounter(NetworkStream stream)
    {
        private readonly byte[] _buffer = new byte[64 << 10];
        private int _matched;

        public int Events { get; private set; }

        public async Task ReadAsync(int events)
        {
            var target = Events + events;
            while (Events < target)
            {
                var read = await stream.ReadAsync(_buffer);
                read.ShouldBeGreaterThan(0);
                Count(_buffer.AsSpan(0, read));
            }
        }

        private void Count(ReadOnlySpan<byte> bytes)
        {
            var end = "}\n\n"u8; // ends an event, and stands nowhere else
            foreach (var value in bytes)
            {
                _matched = value == end[_matched] ? _matched + 1 : value == end[0] ? 1 : 0;
                if (_matched == end.Length)
                {
                    Events++;
                    _matched = 0;
                }
            }
        }
    }
}
