using Llama4.Cluster.Agents;
using Llama4.Cluster.Registers;
using Llama4.Contracts;
using Microsoft.Extensions.Logging.Abstractions;

namespace Llama4.Cluster.Tests.Agents;

public class PlanChangeTests
{
    /// <summary>It tries ten times a second, for as long as the store is away; and what the store's client says has figures in it.</summary>
    [Fact]
    public async Task Write_WhileTheStoreIsAway_SaysSoOnce()
    {
        var change = new PlanChange(null!, null!, null!, new AwayRegister(tries: 4), null!, TimeProvider.System, NullLogger<HostAgent>.Instance);
        var told = new List<string>();

        (await change.WriteAsync(1, new PlanRecord(2, new HostId("host"), null), () => true, told.Add).WaitAsync(Answers.Limit)).ShouldBeTrue();

        told.ShouldBe(["the store does not answer: away, 1 timers"]);
    }

    private sealed class AwayRegister(int tries) : IPlanRegister
    {
        private int _tried;

        public Task<PlanRecord?> ReadAsync() => throw new IOException("away");

        public Task<bool> TrySetAsync(long term, PlanRecord next) =>
            ++_tried < tries ? throw new IOException($"away, {_tried} timers\nand more") : Task.FromResult(true);
    }
}
