using System.Buffers.Text;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Llama4.StreamBench;

/// <summary>One streamed answer over a bare socket: client and server share the machine, so the client does as little as it can.</summary>
internal static class SseStream
{
    private static ReadOnlySpan<byte> Usage => "\"completion_tokens\":"u8;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Asks for exactly <paramref name="tokens"/> tokens and returns how many the server says it sent.</summary>
    public static async Task<int> CountTokensAsync(Uri server, string question, int tokens)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server.Host, server.Port, limit.Token);
        await socket.SendAsync(Request(server, question, tokens), limit.Token);
        var buffer = new byte[64 * 1024];
        var sent = 0;
        var rest = 0; // bytes of an unfinished line at the start of the buffer
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(rest), limit.Token);
            if (read == 0)
            {
                throw new IOException($"the server closed the stream before [DONE]");
            }

            var received = buffer.AsSpan(0, rest + read);
            var whole = received[..(received.LastIndexOf((byte)'\n') + 1)];
            if (whole.IndexOf(Usage) is >= 0 and var at && Utf8Parser.TryParse(whole[(at + Usage.Length)..], out int counted, out _))
            {
                sent = counted;
            }

            if (whole.IndexOf("data: [DONE]"u8) >= 0)
            {
                return sent;
            }

            received[whole.Length..].CopyTo(buffer);
            rest = received.Length - whole.Length;
        }
    }

    private static byte[] Request(Uri server, string question, int tokens)
    {
        var body = JsonSerializer.Serialize(new
        {
            model = "scout-nano",
            messages = new[] { new { role = "user", content = question } },
            max_tokens = tokens,
            temperature = 0,
            ignore_eos = true,
            stream = true,
            stream_options = new { include_usage = true },
        });
        return Encoding.UTF8.GetBytes(
            $"POST /v1/chat/completions HTTP/1.1\r\nHost: {server.Authority}\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}");
    }
}
