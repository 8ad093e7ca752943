using Llama4.Contracts;

namespace Llama4.Simulation;

/// <summary>One client's request, and whether it gets what it must.</summary>
/// <param name="At">When it is sent.</param>
/// <param name="CancelAfter">Tokens after which the client goes away; null for one that stays.</param>
internal sealed record ClientRequest(int[] Prompt, int TokensMax, TimeSpan At, int? CancelAfter)
{
    /// <summary>It wants log-probabilities of its prompt too.</summary>
    public bool RatesPrompt => Prompt.Length % 4 == 3;

    public static ClientRequest From(Random64 random, TimeSpan from, TimeSpan to)
    {
        var prompt = new int[random.Between(1, 40)];
        // Half of the prompts begin alike, for the prefix cache.
        var shared = random.OneIn(2) ? 20 : 0;
        for (var i = 0; i < prompt.Length; i++)
            prompt[i] = i < shared ? i : random.Next(Arithmetic.VocabSize);
        return new ClientRequest(prompt, random.Between(1, 40), random.Between(from, to), random.OneIn(8) ? random.Next(10) : null);
    }
}

internal sealed class Answer(SimulatedHost gateway, ClientRequest request)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(60);

    private readonly (List<int> Answer, List<double> Prompt) _whole = Arithmetic.Answer(request.Prompt, request.TokensMax);
    private readonly World _world = gateway.Process.World;
    private int _rated;
    private int _tokens;
    private long _last;

    private List<int> Expected => _whole.Answer;

    public SimulatedHost Gateway => gateway;

    public bool HasEnded { get; private set; }

    /// <summary>Between two tokens, once there was one.</summary>
    public TimeSpan LongestGap { get; private set; }

    public int Tokens => _tokens;

    public async Task RunAsync()
    {
        var clock = gateway.Process.Clock;
        await Task.Delay(request.At, clock);
        while (true)
        {
            var id = new Guid((int)_world.Random.Next(), 0, 0, BitConverter.GetBytes(_world.Random.Next()));
            var asked = new GenerateRequest { Id = id, Prompt = request.Prompt, TokensMax = request.TokensMax, StopIds = [Arithmetic.StopId], PromptLogprobs = request.RatesPrompt ? 0 : null };
            var (result, generation) = await gateway.Client.SubmitAsync(asked, CancellationToken.None);
            if (result.Status == SubmitStatus.Accepted)
            {
                _world.Tell($"{this}: accepted");
                await HearAsync(generation!);
                HasEnded = true;
                _world.Tell($"{this}: ended");
                return;
            }
            if (result.Status == SubmitStatus.ContextLengthExceeded)
                _world.Fail($"a prompt of {request.Prompt.Length} tokens was refused: {result.Message}");
            _world.Tell($"{this}: {result.Message}");
            await Task.Delay(AskAgain, clock);
        }
    }

    public override string ToString() =>
        $"the answer to {request.Prompt.Length} prompt tokens at {gateway.Id}: {_tokens} of {Expected.Count} tokens" + (request.CancelAfter is { } cancel ? $", to be cancelled after {cancel}" : "");

    private async Task HearAsync(IGeneration generation)
    {
        var finished = false;
        if (request.CancelAfter != 0)
        {
            await foreach (var chunk in generation.Chunks())
            {
                if (finished)
                    _world.Fail($"{this}: went on after its end");
                Hear(chunk);
                finished = chunk.Finish is not null;
                if (_tokens == request.CancelAfter)
                    break;
            }
        }
        if (!finished && request.CancelAfter is null)
            _world.Fail($"{this}: stopped without an end");
        await generation.DisposeAsync();
    }

    private void Hear(TokenChunk chunk)
    {
        if (chunk.Finish is FinishReason.Error or FinishReason.Cancelled)
            _world.Fail($"{this}: ended with {chunk.Finish}: {chunk.Error}");
        if (chunk.Prompt is { } prompt)
            HearOf(prompt);
        if (request.RatesPrompt && _rated < _whole.Prompt.Count && (chunk.Token is not null || chunk.Finish is not null))
            _world.Fail($"{this}: began with {_rated} of {_whole.Prompt.Count} log-probabilities of its prompt");
        if (chunk.Token is { } token)
        {
            if (chunk.Index != _tokens)
                _world.Fail($"{this}: expected token {_tokens}, found token {chunk.Index}");
            else if (_tokens >= Expected.Count || token != Expected[_tokens])
                _world.Fail($"{this}: expected {(_tokens < Expected.Count ? Expected[_tokens] : "its end")}, found {token}");
            if (_tokens++ > 0)
                LongestGap = TimeSpan.FromTicks(Math.Max(LongestGap.Ticks, _world.Now - _last));
            _last = _world.Now;
        }
        if (chunk.Finish is not null && _tokens != Expected.Count)
            _world.Fail($"{this}: ended too early");
    }

    private void HearOf(PromptLogprobs prompt)
    {
        if (prompt.First != 1 + _rated)
            _world.Fail($"{this}: expected a log-probability of prompt token {1 + _rated}, found {prompt.First}");
        foreach (var token in prompt.Tokens)
        {
            if (_rated >= _whole.Prompt.Count || token.Logprob != _whole.Prompt[_rated])
                _world.Fail($"{this}: expected {(_rated < _whole.Prompt.Count ? _whole.Prompt[_rated] : "no more")} of prompt token {1 + _rated}, found {token.Logprob}");
            _rated++;
        }
    }
}
