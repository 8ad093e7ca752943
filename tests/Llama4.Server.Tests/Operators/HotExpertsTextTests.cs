using Llama4.Contracts;
using Llama4.Server.Operators;

namespace Llama4.Server.Tests.Operators;

public class HotExpertsTextTests
{
    [Fact]
    public void Write_NamesBothOwnersOfEachHotExpert()
    {
        HostId a = new("a-1"), b = new("b-2");
        var plan = new PlacementPlan(1, a, a, [
            new LayerPlacement(0, a, []),
            new LayerPlacement(1, a, [new ExpertGroupPlacement(0, 0, 8, a) { Hot = [new HotExpert(5, b)] }, new ExpertGroupPlacement(1, 8, 8, b) { Hot = [new HotExpert(9, a)] }])]);
        using var output = new StringWriter { NewLine = "\n" };

        HotExpertsText.Write(plan, output);
        HotExpertsText.Write(null, output);

        output.ToString().ShouldBe("hot expert 5 of layer 1: a-1 and b-2\nhot expert 9 of layer 1: b-2 and a-1\n");
    }
}
