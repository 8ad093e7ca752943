using System.Runtime.Intrinsics;
using Llama4.Compute.Kernels;

namespace Llama4.Compute.Cpu;

/// <summary>The vector width kernels run with; the bits are the same for all.</summary>
internal sealed class InstructionSet
{
    private readonly Func<WorkerTeam, ICommandRunner> _create;

    private InstructionSet(string name, Func<WorkerTeam, ICommandRunner> create)
    {
        Name = name;
        _create = create;
    }

    public static InstructionSet Avx512 { get; } = new("AVX-512", static team => new CommandRunner<Lanes512>(team));

    public static InstructionSet Avx2 { get; } = new("AVX2", static team => new CommandRunner<Lanes256>(team));

    public static InstructionSet Narrow { get; } =
        new(Vector128.IsHardwareAccelerated ? "128-bit" : "scalar", static team => new CommandRunner<Lanes128>(team));

    public static InstructionSet Best { get; } =
        Vector512.IsHardwareAccelerated ? Avx512 : Vector256.IsHardwareAccelerated ? Avx2 : Narrow;

    public string Name { get; }

    public ICommandRunner CreateRunner(WorkerTeam team) => _create(team);
}
