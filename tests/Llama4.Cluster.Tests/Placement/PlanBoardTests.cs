using Llama4.Cluster.Agents;
using Llama4.Cluster.Placement;
using Llama4.Contracts;
using Orleans.Runtime;

namespace Llama4.Cluster.Tests.Placement;

public class PlanBoardTests
{
    private static readonly HostId Host = new("a");
    private static readonly PlacementPlan Plan = new(3, Host, Host, [new LayerPlacement(0, Host, [])]);
    private static readonly IAddressable Target = new Somebody();

    [Fact]
    public void Publish_OfAnOlderEpoch_Throws()
    {
        var board = new PlanBoard();
        board.Publish(Plan);
        board.Publish(Plan); // a leader that took over commits what it found

        Should.Throw<InvalidOperationException>(() => board.Publish(Plan with { Epoch = 2 })).Message.ShouldContain("epoch 2");
        board.Publish(Plan with { Epoch = 4 });
        Should.Throw<StaleEpochException>(() => board.Require(3, Target)).Message.ShouldContain("epoch 4");
    }

    [Fact]
    public void Require_BeforeAPlan_Refuses() => Should.Throw<StaleEpochException>(() => new PlanBoard().Require(1, Target));

    [Fact]
    public async Task Changed_TellsOfPlansSuspectsAndTime()
    {
        var board = new PlanBoard();
        foreach (var change in (Action[])[() => board.Publish(Plan), () => board.Suspect([new HostDoor(Host, "")], new SuspicionAge(1, 1)), board.Tick])
        {
            var changed = board.Changed;
            changed.IsCompleted.ShouldBeFalse();
            change();
            await changed.WaitAsync(Answers.Limit);
        }
        board.IsSuspected(Host).ShouldBeTrue();
    }

    private sealed class Somebody : IAddressable
    {
        public override string ToString() => "somebody";
    }
}
