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
        var entered = Enumerable.Range(0, 5).Select(step => door.EnterAsync((1, step), null, 2).AsTask()).ToArray();
        entered.Select(task => task.IsCompleted).ShouldBe([true, true, false, false, false]);
        door.Leave((1, 0), 2);
        entered.Select(task => task.IsCompleted).ShouldBe([true, true, true, false, false]);
        door.Leave((1, 1), 3); // more may be inside by now
        entered.ShouldAllBe(task => task.IsCompleted);
        door.Inside.ShouldBe(3);
    }

    [Fact]
    public void Leave_WhenFewerMayBeInsideByNow_LetsNobodyInBeforeThereIsRoom()
    {
        var door = new StageDoor();
        var entered = Enumerable.Range(0, 4).Select(step => door.EnterAsync((1, step), null, 3).AsTask()).ToArray();
        door.Leave((1, 0), 1);
        door.Leave((1, 1), 1);
        entered[3].IsCompleted.ShouldBeFalse();
        door.Leave((1, 2), 1);
        entered[3].IsCompleted.ShouldBeTrue();
    }

    /// <summary>One that was given up may hang on a message that was lost; the same positions come as another step.</summary>
    [Fact]
    public void Enter_AfterStepsWereGivenUp_DoesNotWaitForThem()
    {
        var door = new StageDoor();
        var stuck = Enumerable.Range(1, 3).Select(step => door.EnterAsync((1, step), [1, 2], 2).AsTask()).ToArray();
        stuck[2].IsCompleted.ShouldBeFalse();

        door.EnterAsync((1, 4), [], 2).IsCompleted.ShouldBeTrue();

        stuck.ShouldAllBe(task => task.IsCompleted);
        door.Inside.ShouldBe(1);
        door.EnterAsync((1, 5), [4], 2).IsCompleted.ShouldBeTrue();
        door.Leave((1, 1), 2);
        door.EnterAsync((1, 6), [4, 5], 2).IsCompleted.ShouldBeFalse("two that are waited for are inside");
    }

    [Fact]
    public void Enter_WhileAnEarlierOneIsWaitedFor_TakesThePlaceOfOneBetweenThatWasGivenUp()
    {
        var door = new StageDoor();
        door.EnterAsync((1, 1), [], 2).IsCompleted.ShouldBeTrue();
        door.EnterAsync((1, 2), [1], 2).IsCompleted.ShouldBeTrue();

        door.EnterAsync((1, 3), [1], 2).IsCompleted.ShouldBeTrue();

        door.EnterAsync((1, 4), [1, 3], 2).IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public void Enter_OfAnotherPlan_DoesNotWaitForStepsOfTheOneBefore()
    {
        var door = new StageDoor();
        door.EnterAsync((1, 7), [], 1).IsCompleted.ShouldBeTrue();

        door.EnterAsync((2, 1), [], 1).IsCompleted.ShouldBeTrue();
    }
}
