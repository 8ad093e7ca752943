using Llama4.Cluster.Experts;
using Llama4.Cluster.Traces;
using Llama4.Compute;
using Llama4.Compute.Testing;

namespace Llama4.Cluster.Tests.Experts;

/// <summary>
/// Steps that share pages are counted, each once and each where it belongs, however they end and whenever the count is asked for; on a device that does everything late and whose
/// memory is poison before it is written.
/// </summary>
public class ChoicePageTests
{
    private const int Layers = 3;
    private const int Experts = 4;

    /// <summary>Layer 1 is dense.</summary>
    private static readonly int[] Routed = [0, 2];

    [Fact]
    public async Task Steps_InsideEachOther_AreCountedApart()
    {
        await using var device = new LateDevice(CpuDevice.Create(1));
        var routed = Watched(device);

        using var first = routed.Begin(Routed, 2)!;
        using var second = routed.Begin(Routed, 3)!;
        Write(device, first, 0, [0, 1]);
        Write(device, second, 0, [2, 2, 2]);
        Write(device, second, 2, [3, 3, 0]);
        second.End();
        Write(device, first, 2, [1, 1]);
        first.End();

        (await routed.CountAsync()).ShouldBe([1, 1, 3, 0, 0, 0, 0, 0, 1, 2, 0, 2]);
    }

    [Fact]
    public async Task Count_WhileAStepIsInside_HasThoseThatEndedAndThenTheRest()
    {
        await using var device = new LateDevice(CpuDevice.Create(1));
        var routed = Watched(device);
        using var slow = routed.Begin(Routed, 1)!;
        Write(device, slow, 0, [0]);
        Run(device, routed, 1);

        (await routed.CountAsync()).ShouldBe([0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
        (await routed.CountAsync()).ShouldBe([0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0], "what was read is not read again");
        Write(device, slow, 2, [3]);
        slow.End();

        (await routed.CountAsync()).ShouldBe([1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1]);
    }

    [Fact]
    public async Task Step_ThatFails_CountsNothingAndHoldsNothingUp()
    {
        await using var device = new LateDevice(CpuDevice.Create(1));
        var routed = Watched(device);
        using (var failed = routed.Begin(Routed, 1)!)
            Write(device, failed, 0, [3]);
        for (var step = 0; step < 3 * ChoicePage.StepsMax; step++)
            Run(device, routed, 2);

        (await routed.CountAsync()).ShouldBe([0, 0, 3 * ChoicePage.StepsMax, 0, 0, 0, 0, 0, 0, 0, 3 * ChoicePage.StepsMax, 0]);
    }

    /// <summary>Whether a page ends by its steps or by its places, and whatever stands in it while the next one is filled.</summary>
    /// <param name="rows">Of each step.</param>
    [Theory]
    [InlineData(1)]
    [InlineData((RoutedTokens.ChoicesMax / 2 / 3) - 1)] // three fit, the fourth does not
    [InlineData(RoutedTokens.ChoicesMax / 2)] // one fills the page to its last place
    [InlineData(RoutedTokens.ChoicesMax)] // larger than a page
    public async Task Pages_InTurn_LoseNothing(int rows)
    {
        var steps = rows == 1 ? (5 * ChoicePage.StepsMax) + 1 : 9;
        await using var device = new LateDevice(CpuDevice.Create(1));
        var routed = Watched(device);
        var choices = new int[rows];
        using (var slow = routed.Begin(Routed, 1)!)
        {
            Write(device, slow, 0, [0]);
            for (var step = 0; step < steps; step++)
            {
                Array.Fill(choices, 1 + (step % 2));
                Run(device, routed, choices);
            }
            Write(device, slow, 2, [0]);
            slow.End();
        }

        long odd = (steps + 1) / 2 * rows, even = steps / 2 * rows;
        (await routed.CountAsync()).ShouldBe([1, odd, even, 0, 0, 0, 0, 0, 1, odd, even, 0]);
    }

    [Fact]
    public async Task Pages_OfManySteps_AreTheSameTwo()
    {
        await using var cpu = CpuDevice.Create(1);
        var routed = Watched(cpu);
        Run(cpu, routed, 1);
        await routed.CountAsync();
        var before = cpu.NativeBytes;

        for (var i = 0; i < 10; i++)
        {
            using var slow = routed.Begin(Routed, 1)!;
            Write(cpu, slow, 0, [0]);
            for (var step = 0; step < ChoicePage.StepsMax; step++)
                Run(cpu, routed, 1);
            Write(cpu, slow, 2, [0]);
            slow.End();
        }

        await routed.CountAsync();
        cpu.NativeBytes.ShouldBe(before + (RoutedTokens.ChoicesMax * sizeof(int)));
    }

    [Fact]
    public async Task Begin_WhereNothingIsToBeSeen_IsNull()
    {
        await using var device = new LateDevice(CpuDevice.Create(1));

        new RoutedTokens(Layers, Experts, new SetClock(), device).Begin(Routed, 1).ShouldBeNull("nobody watches");
        Watched(device).Begin([], 1).ShouldBeNull("a stage of dense layers has no routers");
    }

    [Fact]
    public async Task Router_OfAnotherLayer_IsABrokenInvariant()
    {
        await using var device = new LateDevice(CpuDevice.Create(1));
        using var step = Watched(device).Begin(Routed, 1)!;

        Should.Throw<InvalidOperationException>(() => step.Of(1)).Message.ShouldContain("layer 1");
    }

    /// <summary>A device that has failed must not take with it those who look.</summary>
    [Fact]
    public async Task Count_OfADeviceThatIsGone_HasWhatWasReadBefore()
    {
        var device = new LateDevice(CpuDevice.Create(1));
        var routed = Watched(device);
        Run(device, routed, 1);
        await routed.CountAsync();
        Run(device, routed, 1);
        var open = routed.Begin(Routed, 1)!;
        await device.DisposeAsync();

        open.End();
        (await routed.CountAsync().WaitAsync(Answers.Limit)).ShouldBe([0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    private static RoutedTokens Watched(IDevice device)
    {
        var routed = new RoutedTokens(Layers, Experts, new SetClock(), device);
        routed.Watch();
        return routed;
    }

    /// <summary>A step of some rows, all of which choose alike.</summary>
    private static void Run(IDevice device, RoutedTokens routed, params int[] choices)
    {
        using var step = routed.Begin(Routed, choices.Length)!;
        foreach (var layer in Routed)
            Write(device, step, layer, choices);
        step.End();
    }

    /// <summary>As a layer's router does.</summary>
    private static void Write(IDevice device, StepChoices step, int layer, int[] choices)
    {
        using var place = step.Of(layer);
        device.Upload<int>(choices, place);
    }
}
