using Llama4.Contracts;

namespace Llama4.Cluster.Tests.Images;

/// <summary>The host with vocabulary and tower is lost: answers about pictures have the bits of the undisturbed run, and nothing that was made is made again.</summary>
[Collection(nameof(ManyHosts))]
public class LostTowerTests
{
    private const int TokensMax = 80;

    [Fact]
    public async Task TowersHost_LostInMidAnswer_ChangesNoBit()
    {
        await using var hosts = await StartAsync(null);
        var requests = Requests();
        var undisturbed = await BitsAsync(hosts, requests);

        var begun = Array.ConvertAll(requests, _ => new TaskCompletionSource());
        var answers = requests.Select((request, i) => StreamAsync(hosts, request with { Id = Guid.NewGuid() }, begun[i])).ToArray();
        await Task.WhenAll(begun.Select(one => one.Task)).WaitAsync(Answers.Limit);
        var lost = hosts.Plan.Replicas[0].Vocabulary;
        await hosts.KillAsync(lost);

        (await BitsAsync(answers)).ShouldBe(undisturbed);
        await hosts.PlanAsync(plan => plan.Replicas[0].Vocabulary != lost);
        var tower = hosts.Host(hosts.Plan.Replicas[0].Vocabulary).Weights.Vision!;
        tower.TilesDone.ShouldBe(0, "the engine holds the rows");
        (await BitsAsync(hosts, requests)).ShouldBe(undisturbed, "and it goes on serving");
        tower.TilesDone.ShouldBe(6, "two pictures of three tiles");
    }

    /// <summary>The tower was asked and never answers: the next plan's is asked again.</summary>
    [Fact]
    public async Task TowersHost_LostBeforeTheRowsAreMade_IsReplacedByTheNext()
    {
        long[][] undisturbed;
        var requests = Requests();
        await using (var others = await StartAsync(null))
            undisturbed = await BitsAsync(others, requests);
        var tower = new SilentTower();
        await using var hosts = await StartAsync(tower);

        var answers = requests.Select(request => hosts.Client.AskAsync(request)).ToArray();
        await tower.Asked.WaitAsync(Answers.Limit);
        var lost = hosts.Plan.Replicas[0].Vocabulary;
        var killed = hosts.KillAsync(lost);
        await hosts.PlanAsync(plan => plan.Replicas[0].Vocabulary != lost);
        tower.GoOn(); // nobody waits for what it would say, and its silo can stop
        await killed;

        (await BitsAsync(answers)).ShouldBe(undisturbed);
    }

    private static Task<ManyHosts> StartAsync(IIncomingGrainCallFilter? calls) => ManyHosts.StartAsync(
        new ManyHostsOptions(
            ScoutNano.Directory, HostRoles.Experts | HostRoles.Engine | HostRoles.Attention | HostRoles.Gateway, HostRoles.Vocabulary, HostRoles.Vocabulary) { Calls = calls });

    /// <summary>Two of one picture, one of another, and one of words.</summary>
    private static GenerateRequest[] Requests() =>
    [
        .. new[] { PicturesTests.Ask(1), PicturesTests.Ask(1), PicturesTests.Ask(2), Answers.Greedy([1, 2, 3], 0) }
            .Select(request => request with { TokensMax = TokensMax, TopLogprobs = 20 }),
    ];

    private static Task<long[][]> BitsAsync(ManyHosts hosts, GenerateRequest[] requests) =>
        BitsAsync([.. requests.Select(request => hosts.Client.AskAsync(request with { Id = Guid.NewGuid() }))]);

    /// <param name="begun">Completes with the first token.</param>
    private static async Task<List<TokenChunk>> StreamAsync(ManyHosts hosts, GenerateRequest request, TaskCompletionSource begun)
    {
        using var limit = new CancellationTokenSource(Answers.Limit);
        await using var generation = await hosts.Client.AcceptedAsync(request, limit.Token);
        var chunks = new List<TokenChunk>();
        await foreach (var chunk in generation.Chunks(limit.Token))
        {
            chunks.Add(chunk);
            begun.TrySetResult();
        }
        return chunks;
    }

    /// <summary>Of each answer its tokens and the bits of what else was likely.</summary>
    private static async Task<long[][]> BitsAsync(Task<List<TokenChunk>>[] answers)
    {
        var all = await Task.WhenAll(answers);
        foreach (var chunks in all)
            chunks[^1].Finish.ShouldBeOneOf([FinishReason.Stop, FinishReason.Length], chunks[^1].Error);
        return
        [
            .. all.Select(chunks => chunks.Where(chunk => chunk.Token is not null)
                .SelectMany(chunk => chunk.TopLogprobs!.SelectMany(top => new[] { top.Id, BitConverter.DoubleToInt64Bits(top.Logprob) }).Prepend(chunk.Token!.Value)).ToArray()),
        ];
    }

    /// <summary>The first call that comes to a tower gets no answer.</summary>
    private sealed class SilentTower : IIncomingGrainCallFilter
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Asked => _asked.Task;

        public void GoOn() => _goOn.TrySetResult();

        public async Task Invoke(IIncomingGrainCallContext context)
        {
            if (context.InterfaceMethod.DeclaringType == typeof(IVisionGrain) && _asked.TrySetResult())
                await _goOn.Task;
            await context.Invoke();
        }
    }
}
