using System.Threading.Channels;
using Llama4.Contracts;

namespace Llama4.Gateway.Tests.Scripted;

/// <summary>The cluster as a script: what it answers to a request, or what it refuses it with. Readiness probes are answered beside the script.</summary>
internal sealed class ScriptedClient(Action<ScriptedGeneration> script) : IGenerationClient
{
    private readonly Channel<ScriptedGeneration> _accepted = Channel.CreateUnbounded<ScriptedGeneration>();

    /// <summary>What a request is refused with; Accepted by default.</summary>
    public Func<GenerateRequest, SubmitResult> Admit { get; set; } = _ => SubmitResult.Accepted;

    /// <summary>It tells nothing of prompts, whatever it is asked.</summary>
    public bool SkipsPrompts { get; init; }

    public Func<GenerateRequest, SubmitResult> AdmitProbe { get; set; } = _ => SubmitResult.Accepted;

    /// <summary>A cluster that says one text and then eot.</summary>
    public static ScriptedClient Saying(string text) => new(generation =>
    {
        generation.Text(text);
        generation.Token(ScoutNano.Eot, FinishReason.Stop);
    });

    /// <summary>A cluster that says nothing by itself: the test feeds each generation it takes with <see cref="NextAsync"/>.</summary>
    public static ScriptedClient Silent() => new(_ => { });

    /// <summary>The next generation that was accepted, waiting for it.</summary>
    public async Task<ScriptedGeneration> NextAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return await _accepted.Reader.ReadAsync(deadline.Token);
    }

    /// <summary>Whether any request was accepted that <see cref="NextAsync"/> has not taken.</summary>
    public bool HasNext => _accepted.Reader.TryPeek(out _);

    public ValueTask<(SubmitResult Result, IGeneration? Generation)> SubmitAsync(GenerateRequest request, CancellationToken cancellation)
    {
        var isProbe = request.Caller == "readiness";
        var result = isProbe ? AdmitProbe(request) : Admit(request);
        if (result.Status != SubmitStatus.Accepted)
        {
            return new((result, null));
        }

        var generation = new ScriptedGeneration(request);
        if (isProbe)
        {
            generation.Token(0, FinishReason.Length);
        }
        else
        {
            if (!SkipsPrompts)
            {
                generation.TellPrompt();
            }

            script(generation);
            _accepted.Writer.TryWrite(generation);
        }

        return new((result, generation));
    }

    /// <summary>What the engine says of itself; null for an engine that is not there.</summary>
    public EngineStatus? Status { get; set; } = new(0, 0, 0, 0, 0, 0, 0);

    public ValueTask<EngineStatus> StatusAsync(CancellationToken cancellation) => new(Status ?? throw new TimeoutException("no engine"));
}
