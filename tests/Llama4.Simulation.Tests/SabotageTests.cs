namespace Llama4.Simulation.Tests;

/// <summary>A simulation that finds nothing may be blind: each of these faults in the system itself must be found.</summary>
public sealed class SabotageTests
{
    [Theory]
    [InlineData(Sabotage.ForgetsKv, 200)]
    [InlineData(Sabotage.WrongExpert, 50)]
    [InlineData(Sabotage.LosesChunks, 50)]
    [InlineData(Sabotage.LosesMovedKv, 300)]
    [InlineData(Sabotage.SplitRegister, 2000)]
    public void Is_found(Sabotage sabotage, int within)
    {
        for (ulong seed = 1; seed <= (ulong)within; seed++)
        {
            if (Simulated.Run(new Scenario(seed) { Sabotage = sabotage }).Violation is not null)
                return;
        }
        Assert.Fail($"{within} runs did not find {sabotage}");
    }
}
