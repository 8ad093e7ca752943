using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Llama4.Contracts.Tests.Placement;

public class PlacementPlanTests
{
    private static readonly HostId A = new("a"), B = new("b"), C = new("c");

    private static readonly PlacementPlan Plan = new(3, A, B, [
        new LayerPlacement(0, A, []),
        new LayerPlacement(1, A, [new ExpertGroupPlacement(0, 0, 8, B) { Standbys = [C, A], Hot = [new HotExpert(3, C)] }, new ExpertGroupPlacement(1, 8, 8, C)]),
        new LayerPlacement(2, C, [])]);

    [Fact]
    public void Plan_WithoutReplicas_IsItsOwnOnlyReplica()
    {
        var replica = Plan.Replicas.ShouldHaveSingleItem();

        (replica.Replica, replica.Engine, replica.Vocabulary).ShouldBe((0, A, B));
        replica.Stages.ShouldBe([new StagePlacement(0, 0, 2, A), new StagePlacement(1, 2, 1, C)]);
        replica.StageOf(1).Stage.ShouldBe(0);
        replica.StageOf(2).Stage.ShouldBe(1);
        Should.Throw<ArgumentOutOfRangeException>(() => replica.StageOf(3));
    }

    [Fact]
    public void Plan_OverTheWire_KeepsReplicasStandbysAndSecondOwners()
    {
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        var sent = Plan with { Replicas = [.. Plan.Replicas, new ReplicaPlacement(1, C, C, [new StagePlacement(0, 0, 3, C)])], Hosts = [A, B, C] };

        var received = serializer.Deserialize<PlacementPlan>(serializer.SerializeToArray(sent));

        System.Text.Json.JsonSerializer.Serialize(received).ShouldBe(System.Text.Json.JsonSerializer.Serialize(sent));
    }
}
