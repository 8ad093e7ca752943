using Llama4.Cluster.Placement;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests.Placement;

public class PlanBoardTests
{
    private static readonly PlacementPlan Plan = new(
        3,
        Engine: new HostId("a"),
        Vocabulary: new HostId("b"),
        [new LayerPlacement(0, new HostId("c"), [new ExpertGroupPlacement(0, 0, 8, new HostId("d")), new ExpertGroupPlacement(1, 8, 8, new HostId("e"))])]);

    [Theory]
    [InlineData(GrainNames.Engine, "0", "a")]
    [InlineData(GrainNames.Coordinator, "0/0", "a")]
    [InlineData(GrainNames.Vocabulary, "0", "b")]
    [InlineData(GrainNames.Attention, "0/0", "c")]
    [InlineData(GrainNames.ExpertGroup, "0/0", "d")]
    [InlineData(GrainNames.ExpertGroup, "0/1", "e")]
    public void OwnerOf_EveryKindOfGrain_IsThePlans(string type, string key, string host)
    {
        var board = new PlanBoard();
        board.Publish(Plan);

        board.OwnerOf(type, key).Name.ShouldBe(host);
    }

    [Fact]
    public void Publish_OfAnEpochThatIsNotNewer_Throws()
    {
        var board = new PlanBoard();
        board.Publish(Plan);

        Should.Throw<InvalidOperationException>(() => board.Publish(Plan)).Message.ShouldContain("epoch 3");
        board.Publish(Plan with { Epoch = 4 });
        Should.Throw<StaleEpochException>(() => board.Require(3, "attention 0/0")).Message.ShouldContain("epoch 4");
    }

    [Fact]
    public void Current_BeforeAPlan_Throws() => Should.Throw<InvalidOperationException>(() => new PlanBoard().Current);

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1/")]
    [InlineData("/1")]
    [InlineData("1/-2")]
    [InlineData("a/b")]
    public void Split_OfAKeyThatIsNoPair_Throws(string key) => Should.Throw<ArgumentException>(() => GrainNames.Split(key));
}
