using Llama4.Contracts;
using Orleans.Hosting;

namespace Llama4.Cluster.Tests.Constraints;

/// <summary>Draws bring a constraint's text only until the vocabulary's host knows it; one that has forgotten says so and is told again.</summary>
public class ForgottenConstraintTests
{
    [Fact]
    public async Task Vocabulary_ThatHasForgotten_IsToldAgainAndTheTokensAreTheSame()
    {
        var calls = new ForgetfulVocabulary();
        await using var cluster = await EmbeddedCluster.StartAsync(
            new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory, Silo = silo => silo.AddIncomingGrainCallFilter(calls) });
        var request = Constrained.Ask("Tell me a story.", Constrained.Schema(Constrained.Person)) with { Sampling = new SamplingSettings { Temperature = 1 }, Seed = 5 };
        var undisturbed = await cluster.Client.TokensAsync(request with { Id = Guid.NewGuid() });
        calls.WithText.ShouldBe(0, "it was told before the first draw");

        calls.Forgets = 3;
        var disturbed = await cluster.Client.TokensAsync(request with { Id = Guid.NewGuid() });

        disturbed.ShouldBe(undisturbed);
        calls.Forgets.ShouldBe(0);
        calls.WithText.ShouldBe(3);
    }

    private sealed class ForgetfulVocabulary : IIncomingGrainCallFilter
    {
        private int _withText;

        /// <summary>So many draws are still refused, each once.</summary>
        public int Forgets { get; set; }

        public int WithText => _withText;

        public Task Invoke(IIncomingGrainCallContext context)
        {
            if (context.InterfaceMethod?.Name == nameof(IVocabularyGrain.DrawAsync) && context.Request.GetArgument(1) is TokenDraw[] draws && draws.Any(draw => draw.Constraint is not null))
            {
                if (draws.Any(draw => draw.Constraint?.Constraint is not null))
                    Interlocked.Increment(ref _withText);
                else if (Forgets > 0)
                {
                    Forgets--;
                    throw new UnknownConstraintException("forgotten");
                }
            }
            return context.Invoke();
        }
    }
}
