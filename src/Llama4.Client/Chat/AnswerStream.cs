using System.Diagnostics;
using System.Runtime.CompilerServices;
using Llama4.Client.Tokens;
using Llama4.Contracts;

namespace Llama4.Client.Chat;

/// <summary>
/// An answer's pieces, whichever hosts make it: where one is lost in mid-answer, another goes on from the tokens that are here, with the same seed, so that
/// nothing is lost, said twice, or said otherwise.
/// </summary>
/// <param name="host">By number; another number may be another host.</param>
internal sealed class AnswerStream(Func<long, IChatGrain> host, TimeProvider clock, string caller)
{
    /// <summary>Past it a request that no host has taken is told to come again.</summary>
    private static readonly TimeSpan AcceptLimit = TimeSpan.FromSeconds(5);

    /// <summary>Past it an answer that was begun ends with an error: as long as gateways and engines wait for hosts.</summary>
    private static readonly TimeSpan ReviveLimit = TimeSpan.FromSeconds(60);

    /// <summary>Hosts that are tried whatever the time.</summary>
    private const int TriesMin = 4;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <param name="body">Of an OpenAI chat completion, with a seed.</param>
    /// <exception cref="Llama4Exception">The request was refused, or its answer cannot go on.</exception>
    public async IAsyncEnumerable<ChatPiece> PiecesAsync(byte[] body, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var chat = Guid.NewGuid();
        var emitted = new List<int>();
        var (isTaken, tries, lost) = (false, 0, clock.GetTimestamp());
        var span = SpanParent.Of(Activity.Current); // of who asks, wherever the answer goes on
        for (long door = Random.Shared.Next(Doors.Count); ; door++)
        {
            var submission = new ChatSubmission { Answer = Guid.NewGuid(), Chat = chat, Body = body, Emitted = [.. emitted], Caller = caller, Span = span };
            await using var attempt = new ChatAttempt(host(door), submission, clock);
            var answer = await attempt.StartAsync(cancellation);
            while (answer is { State: ChatState.Serving, Error: null })
            {
                answer = await attempt.PollAsync(cancellation);
                isTaken |= answer?.State == ChatState.Serving && answer.Error is null;
                foreach (var piece in answer?.Pieces ?? [])
                {
                    if (piece.Token is { } token)
                    {
                        emitted.Add(token);
                    }

                    tries = 0;
                    yield return piece;
                    if (piece.Finish is not null)
                    {
                        yield break;
                    }

                    cancellation.ThrowIfCancellationRequested(); // of several that came at once nobody wants the rest
                }
            }

            lost = tries++ == 0 ? clock.GetTimestamp() : lost;
            var error = answer?.Error ?? new ChatError(
                503, "server_error", $"The cluster does not answer{(attempt.Away is { } away ? $": {away}" : ".")}", Code: "service_unavailable", RetryAfterSeconds: 1);
            if (!MayPass(error, isTaken) || (tries >= TriesMin && clock.GetElapsedTime(lost) > (isTaken ? ReviveLimit : AcceptLimit)))
            {
                throw new Llama4Exception(error);
            }

            await Task.Delay(Pause, clock, cancellation);
        }
    }

    /// <summary>Whether another host, or the same a moment later, may do what this one did not. A full queue is the caller's to know, unless the answer was begun.</summary>
    private static bool MayPass(ChatError error, bool isTaken) => error.Status == 503 || (error.Status == 429 && isTaken);
}
