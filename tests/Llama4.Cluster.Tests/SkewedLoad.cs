using Llama4.Contracts;

namespace Llama4.Cluster.Tests;

/// <summary>Prompts of one token over and over, whose rows choose the same expert, in the first layer at least; and what was answered.</summary>
internal sealed class SkewedLoad(IGenerationClient client)
{
    private const int Repeats = 200;
    private const int AskedAtOnce = 4;

    private readonly List<(int Number, int[] Tokens)> _answers = [];
    private List<TokenChunk>? _logits;
    private int _number;

    private static GenerateRequest Logits => Answers.Greedy(Prompt(0), 8) with { TopLogprobs = ScoutNano.Vocabulary };

    /// <summary>Asks, at least once, until it is so.</summary>
    public async Task RunUntilAsync(Func<bool> isSo)
    {
        using var limit = new CancellationTokenSource(Answers.Limit);
        do
        {
            limit.Token.ThrowIfCancellationRequested();
            int[] asked = [.. Enumerable.Range(_number += AskedAtOnce, AskedAtOnce)];
            var tokens = await Task.WhenAll(asked.Select(one => client.TokensAsync(Answers.Greedy(Prompt(one), 2))));
            _answers.AddRange(asked.Zip(tokens));
        }
        while (!isSo());
    }

    public async Task AskForLogitsAsync() => _logits = await client.AskAsync(Logits);

    /// <summary>All that was answered, token by token, and logits bit by bit.</summary>
    public async Task ShouldBeAsOnOneHostAsync()
    {
        await using var one = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory });
        _answers.ShouldNotBeEmpty();
        foreach (var (number, tokens) in _answers)
            tokens.ShouldBe(await one.Client.TokensAsync(Answers.Greedy(Prompt(number), 2)), $"prompt {number}");
        if (_logits is not null)
            Answers.Bits(_logits).ShouldBe(Answers.Bits(await one.Client.AskAsync(Logits)));
    }

    /// <summary>The second and third token tell prompts apart, so that none begins like another.</summary>
    private static int[] Prompt(int number) => [ScoutNano.Bos, 100 + (number % 1000), 100 + (number / 1000), .. Enumerable.Repeat(300, Repeats)];
}
