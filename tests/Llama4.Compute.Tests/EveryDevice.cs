namespace Llama4.Compute.Tests;

/// <summary>Runs a check on every vector width, with and without workers, and in both types of activations.</summary>
internal static class EveryDevice
{
    public static IReadOnlyList<InstructionSet> Sets { get; } = [InstructionSet.Avx512, InstructionSet.Avx2, InstructionSet.Narrow];

    public static async Task Run(Func<CpuDevice, DType, Task> check)
    {
        foreach (InstructionSet set in Sets)
        {
            foreach (int threads in new[] { 1, 3 })
            {
                await using CpuDevice device = CpuDevice.Create(threads, set);
                await check(device, DType.F32);
                await check(device, DType.BF16);
            }
        }
    }
}
