using System.Buffers.Text;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Llama4.GatewayLoad.Clients;

/// <summary>One streamed answer over a bare socket: hundreds of clients share the machine with the server, so each does as little as it can.</summary>
internal static class SseExchange
{
    // Longest text looked for, so that one that is cut in two by a read is found.
    private const int CarryMax = 32;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private static ReadOnlySpan<byte> Token => "\"delta\":{\"content\":"u8;

    private static ReadOnlySpan<byte> Done => "data: [DONE]"u8;

    private static ReadOnlySpan<byte> Error => "data: {\"error\""u8;

    /// <param name="readBytes">Most bytes of one read; below 4,096 the socket's own buffer is small too, so that the server feels it.</param>
    /// <param name="goesOn">Asked after sending and after each read: false to go away, without a word.</param>
    public static async Task<Exchange> RunAsync(Uri server, string key, byte[] body, int readBytes, Func<Task<bool>> goesOn)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (readBytes < 4096)
        {
            socket.ReceiveBufferSize = 4096;
        }

        var state = new State(Stopwatch.StartNew());
        try
        {
            await socket.ConnectAsync(server.Host, server.Port, limit.Token);
            await socket.SendAsync(Head(server, key, body.Length), limit.Token);
            await socket.SendAsync(body, limit.Token);
            var buffer = new byte[CarryMax + readBytes];
            while (await goesOn())
            {
                var read = await socket.ReceiveAsync(buffer.AsMemory(state.Carry, readBytes), limit.Token);
                if (read == 0)
                {
                    return state.Ended(hasLeft: false, state.IsComplete ? null : "closed before the end");
                }

                state.Take(buffer.AsSpan(0, state.Carry + read));
            }

            socket.LingerState = new LingerOption(enable: true, seconds: 0); // a reset, as of a machine that is gone
            return state.Ended(hasLeft: true, fault: null);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            return state.Ended(hasLeft: false, error is SocketException socketError ? socketError.SocketErrorCode.ToString() : $"no end within {Limit.TotalSeconds} s");
        }
    }

    private static byte[] Head(Uri server, string key, int bodyBytes) => Encoding.ASCII.GetBytes(
        $"POST /v1/chat/completions HTTP/1.1\r\nHost: {server.Authority}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {bodyBytes}\r\nConnection: close\r\n\r\n");

    private sealed class State(Stopwatch watch)
    {
        private int _status;
        private int _tokens;
        private TimeSpan? _wait;
        private bool _isDone;
        private bool _isError;

        /// <summary>Bytes at the buffer's start that were read before.</summary>
        public int Carry { get; private set; }

        /// <summary>Of a stream its last event, of a refusal its status: its body is not looked at.</summary>
        public bool IsComplete => _isDone || _status is not (0 or 200);

        public void Take(Span<byte> bytes)
        {
            if (_status == 0 && bytes.Length >= 12)
            {
                Utf8Parser.TryParse(bytes[9..12], out _status, out _);
            }

            // What lies wholly in the carried bytes was counted before; the longest text is no longer than what is carried.
            for (var rest = bytes; rest.IndexOf(Token) is >= 0 and var at; rest = rest[(at + Token.Length)..])
            {
                _tokens += bytes.Length - rest.Length + at + Token.Length > Carry ? 1 : 0;
                _wait ??= watch.Elapsed;
            }

            _isDone |= bytes.IndexOf(Done) >= 0;
            _isError |= bytes.IndexOf(Error) >= 0;
            Carry = Math.Min(CarryMax, bytes.Length);
            bytes[^Carry..].CopyTo(bytes);
        }

        public Exchange Ended(bool hasLeft, string? fault) => new(_status, _wait, _tokens, hasLeft, _isError ? "an error in mid-stream" : fault
            ?? (_status is 0 or 200 or 429 or 503 ? null : $"status {_status}"));
    }
}
