using System.Diagnostics;
using System.Runtime.CompilerServices;
using Llama4.Compute.Kernels;

namespace Llama4.Compute.Cpu;

/// <summary>Maps commands to kernels of one vector width and decides which are worth the workers.</summary>
internal sealed unsafe class CommandRunner<L>(WorkerTeam team) : ICommandRunner where L : unmanaged, ILanes<L>
{
    /// <summary>Elements of a row operation from which a second thread pays: about 10 us of work against 1 us to join.</summary>
    private const long ParallelElements = 32 * 1024;

    private readonly MatMulRun<L> _matMul = new(team);
    private readonly AttentionRun<L> _attention = new(team);

    public void Run(ref Command command)
    {
        switch (command.Operation)
        {
            case Operation.Complete or Operation.Stop:
                break;
            case Operation.Upload or Operation.Copy:
                long bytes = command.A.Rows * command.A.RowBytes;
                Buffer.MemoryCopy(command.A.Data, command.B.Data, bytes, bytes);
                break;
            case Operation.Download:
                new ReadOnlySpan<byte>(command.A.Data, command.Destination.Length).CopyTo(command.Destination.Span);
                break;
            case Operation.Stamp:
                Unsafe.WriteUnaligned((byte*)command.A.Integers + (command.Int0 * command.A.RowBytes), Stopwatch.GetElapsedTime(0).Ticks * 100);
                break;
            case Operation.GatherRows:
                RunRows(ref command, &RowCopy.Gather<L>, command.C.Rows, command.C.Width);
                break;
            case Operation.ScatterRows:
                RunRows(ref command, &RowCopy.Scatter<L>, command.A.Rows, command.A.Width);
                break;
            case Operation.RmsNorm:
                RunRows(ref command, &RmsNormKernel.Row<L>, command.A.Rows, command.A.Width);
                break;
            case Operation.LayerNorm:
                RunRows(ref command, &LayerNormKernel.Row<L>, command.A.Rows, command.A.Width * 2L);
                break;
            case Operation.MatMul:
                _matMul.Run(command.A, (CpuMatrix)command.Object!, command.B);
                break;
            case Operation.GroupedMatMul:
                _matMul.Run(
                    command.A, (IReadOnlyList<Matrix>)command.Object!, command.B.Integers, command.B.Rows, command.C.Integers,
                    command.Int0 == 1, command.Int1 == 1, command.D);
                break;
            case Operation.Add:
                RunRows(ref command, &AddKernel.Row<L>, command.A.Rows, command.A.Width);
                break;
            case Operation.AddRow:
                RunRows(ref command, &AddRowKernel.Row<L>, command.A.Rows, command.A.Width);
                break;
            case Operation.SwiGlu:
                RunRows(ref command, &SwiGluKernel.Row<L>, command.B.Rows, command.B.Width * 4L);
                break;
            case Operation.Gelu:
                RunRows(ref command, &GeluKernel.Row<L>, command.A.Rows, command.A.Width * 6L);
                break;
            case Operation.RopeAngles:
                RunRows(ref command, &RopeKernel.AnglesRow, command.A.Rows, command.B.Width * 16L);
                break;
            case Operation.Rope:
                RunRows(ref command, &RopeKernel.Row<L>, command.A.Rows, (long)command.Int1 * command.Int2);
                break;
            case Operation.HeadNorm:
                RunRows(ref command, &HeadNormKernel.Row<L>, command.A.Rows, (long)command.Int1 * command.Int2);
                break;
            case Operation.TemperatureScales:
                RunRows(ref command, &TemperatureKernel.Row, command.A.Rows, 64);
                break;
            case Operation.ScaleRows:
                RunRows(ref command, &ScaleRowsKernel.Row<L>, command.A.Rows, command.Int1);
                break;
            case Operation.WriteKv:
                _attention.Write(command.A, command.Shape, (CpuKvCache)command.Object!, command.B, command.C);
                break;
            case Operation.Attention:
                _attention.Run(command.A, command.Shape, (CpuKvCache)command.Object!, command.B, command.C, command.D);
                break;
            case Operation.RouteTopOne:
                RunRows(ref command, &RouterKernel.TopOneRow<L>, command.A.Rows, command.A.Width);
                break;
            case Operation.GroupRows:
                RouterKernel.Group(command.A, command.Int0, command.Int1, command.B.Integers, command.C.Integers);
                break;
            case Operation.ArgMax:
                RunRows(ref command, &RouterKernel.ArgMaxRow<L>, command.A.Rows, command.A.Width);
                break;
            default:
                throw new InvalidOperationException($"no kernel for {command.Operation}");
        }
    }

    private void RunRows(ref Command command, delegate*<RowOperands*, int, void> row, int rows, long elementsPerRow)
    {
        var operands = new RowOperands
        {
            Row = row,
            Rows = rows,
            RowsPerItem = (int)Math.Clamp(ParallelElements / 4 / Math.Max(elementsPerRow, 1), 1, 1024),
            A = command.A,
            B = command.B,
            C = command.C,
            D = command.D,
            Int0 = command.Int0,
            Int1 = command.Int1,
            Int2 = command.Int2,
            Float0 = command.Float0,
            Float1 = command.Float1,
        };
        int items = (rows + operands.RowsPerItem - 1) / operands.RowsPerItem;
        team.Run(&RunRowsItem, &operands, items, rows * elementsPerRow >= ParallelElements);
    }

    private static void RunRowsItem(void* arguments, int thread, int item)
    {
        var operands = (RowOperands*)arguments;
        int first = item * operands->RowsPerItem;
        int end = Math.Min(first + operands->RowsPerItem, operands->Rows);
        for (int row = first; row < end; row++)
        {
            operands->Row(operands, row);
        }
    }

    public void Dispose()
    {
        _matMul.Dispose();
        _attention.Dispose();
    }
}
