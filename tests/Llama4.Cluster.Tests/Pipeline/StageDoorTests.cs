using Llama4.Cluster.Pipeline;

namespace Llama4.Cluster.Tests.Pipeline;

public class StageDoorTests
{
    [Theory]
    [InlineData(0, 4, int.MaxValue)]
    [InlineData(3, 1, 3)]
    [InlineData(8, 4, 2)]
    [InlineData(9, 4, 3)]
    [InlineData(2, 4, 1)]
    public void Most_OfMicroBatchesOverStages_IsAnEqualShareAndAtLeastOne(int microBatches, int stages, int expected) =>
        StageDoor.Most(microBatches, stages).ShouldBe(expected);

    [Fact]
    public void Enter_WhenTheStageIsFull_WaitsInOrderUntilOthersLeave()
    {
        var door = new StageDoor();
        var entered = Enumerable.Range(0, 5).Select(_ => door.EnterAsync(2).AsTask()).ToArray();
        entered.Select(task => task.IsCompleted).ShouldBe([true, true, false, false, false]);
        door.Leave(2);
        entered.Select(task => task.IsCompleted).ShouldBe([true, true, true, false, false]);
        door.Leave(3); // more may be inside by now
        entered.ShouldAllBe(task => task.IsCompleted);
        door.Inside.ShouldBe(3);
    }

    [Fact]
    public void Leave_WhenFewerMayBeInsideByNow_LetsNobodyInBeforeThereIsRoom()
    {
        var door = new StageDoor();
        var entered = Enumerable.Range(0, 4).Select(_ => door.EnterAsync(3).AsTask()).ToArray();
        door.Leave(1);
        door.Leave(1);
        entered[3].IsCompleted.ShouldBeFalse();
        door.Leave(1);
        entered[3].IsCompleted.ShouldBeTrue();
    }
}
