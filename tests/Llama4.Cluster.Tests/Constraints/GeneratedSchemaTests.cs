using System.Text.Json;
using Json.Schema;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests.Constraints;

/// <summary>Answers under schemas made by chance, drawn hot, so that the model's good will counts for nothing; a validator that knows nothing of automata judges them.</summary>
[Collection(nameof(ManyHosts))]
public sealed class GeneratedSchemaTests(OneCluster cluster) : IClassFixture<OneCluster>
{
    private const int Schemas = 48;

    [Fact]
    public async Task Answers_UnderGeneratedSchemas_AreValid()
    {
        var ended = await Task.WhenAll(Enumerable.Range(0, Schemas).Select(EndsAsync));

        ended.Count(answer => answer).ShouldBeGreaterThan(Schemas * 3 / 4, "cut answers prove nothing");
    }

    /// <returns>False for an answer that was cut.</returns>
    private async Task<bool> EndsAsync(int seed)
    {
        var schema = GeneratedSchema.Of(seed);
        var request = Constrained.Ask("Give me some JSON.", Constrained.Schema(schema), tokensMax: 400) with
        {
            Seed = (ulong)seed,
            Sampling = new SamplingSettings { Temperature = 0.5 * (seed % 4) },
        };
        var chunks = await cluster.Client.AskAsync(request);
        chunks[^1].Finish.ShouldBeOneOf([FinishReason.Stop, FinishReason.Length], $"{schema}: {chunks[^1].Error}");
        var text = Constrained.Text(chunks, request);
        if (chunks[^1].Finish == FinishReason.Length)
            return false;
        using var answer = JsonDocument.Parse(text);
        JsonSchema.FromText(schema).Evaluate(answer.RootElement).IsValid.ShouldBeTrue($"seed {seed}, {schema}: {text}");
        return true;
    }
}
