using System.Runtime.Intrinsics;

namespace Llama4.Compute.Tests.Bits;

public class SameBitsEverywhereTests
{
    /// <summary>Also what the child processes run: there the narrower sets are the runtime's software.</summary>
    [Fact]
    public async Task Workload_InOneProcess_HasOneHash()
    {
        await using CpuDevice best = CpuDevice.Create(2);
        await using CpuDevice narrow = CpuDevice.Create(1, InstructionSet.Narrow);
        string hash = await MixedWorkload.HashAsync(best);
        (await MixedWorkload.HashAsync(narrow)).ShouldBe(hash);
        WorkloadProcess.Reply(best.Description.Name, hash);
    }

    [Fact]
    public async Task Workload_OnEveryVectorWidthAndThreadCount_HasOneHash()
    {
        var hashes = new Dictionary<string, string>();
        foreach (InstructionSet set in EveryDevice.Sets)
        {
            foreach (int threads in new[] { 1, 2, 3 })
            {
                await using CpuDevice device = CpuDevice.Create(threads, set);
                hashes[$"{set.Name} {threads}"] = await MixedWorkload.HashAsync(device);
            }
        }

        hashes.Values.Distinct().Count().ShouldBe(1, string.Join('\n', hashes));
    }

    /// <summary>
    /// Each switch takes what builds on it along: without AVX2 there is no FMA either, so multiply-adds go through
    /// software. What the child must have left out is checked where this machine has it.
    /// </summary>
    [Theory]
    [InlineData("DOTNET_EnableAVX512", "256 bits, fused", "AVX2")]
    [InlineData("DOTNET_EnableAVX2", "128 bits, not fused", "128-bit")]
    [InlineData("DOTNET_EnableHWIntrinsic", "0 bits, not fused", "scalar")]
    public async Task Workload_InAProcessWithoutInstructions_HasTheHashOfThisOne(string without, string instructions, string device)
    {
        WorkloadProcess.Answer child = await WorkloadProcess.RunAsync(without);
        await using CpuDevice here = CpuDevice.Create(1);
        child.Hash.ShouldBe(await MixedWorkload.HashAsync(here), $"{without}=0: {child}");
        if (Vector512.IsHardwareAccelerated)
        {
            child.Instructions.ShouldBe(instructions, without);
            child.Device.ShouldBe(device, without);
        }
    }
}
