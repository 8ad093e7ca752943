using System.Runtime.CompilerServices;
using Llama4.Compute.Cpu;

namespace Llama4.Compute.Kernels;

/// <summary>Puts one row's keys and values into their slots. Slots are positional: writing again writes the same bits.</summary>
internal static unsafe class KvWriter
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WriteRow(AttentionPlan* plan, int row)
    {
        AttentionShape shape = plan->Shape;
        Values source = plan->Qkv.Row(row);
        int key = plan->KeyOf(row);
        int slot = key % KvShape.BlockPositions;
        for (int head = 0; head < shape.KvHeads; head++)
        {
            byte* keys = plan->KeysOf(plan->LineOf(row), key, head);
            byte* keyPanel = keys + slot / 16 * plan->Layout.KeyPanelBytes;
            byte* values = keys + plan->Layout.KeyBytes;
            int keyColumn = shape.KeyOffset + head * shape.HeadDim;
            int valueColumn = shape.ValueOffset + head * shape.HeadDim;
            if (plan->Bf16Cache)
            {
                WriteKeys((uint*)keyPanel + slot % 16, (ushort*)source.Data + keyColumn, shape.HeadDim);
                WriteValues(values, plan->Layout.ValuePanelBytes, slot, (ushort*)source.Data + valueColumn, shape.HeadDim);
            }
            else
            {
                for (int i = 0; i < shape.HeadDim; i++)
                {
                    ((float*)keyPanel)[i * 16 + slot % 16] = source.Floats[keyColumn + i];
                    ((float*)(values + i / 16 * plan->Layout.ValuePanelBytes))[slot * 16 + i % 16] = source.Floats[valueColumn + i];
                }
            }
        }
    }

    /// <summary>Lane = key; each 32 bits hold two components.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteKeys(uint* lane, ushort* key, int headDim)
    {
        for (int i = 0; i < headDim; i += 2)
        {
            lane[i * 8] = key[i] | (uint)key[i + 1] << 16;
        }
    }

    /// <summary>Lane = component; each 32 bits hold two positions, of which this is one half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteValues(byte* panels, long panelBytes, int slot, ushort* value, int headDim)
    {
        for (int i = 0; i < headDim; i++)
        {
            var halves = (ushort*)(panels + i / 16 * panelBytes);
            halves[slot / 2 * 32 + i % 16 * 2 + slot % 2] = value[i];
        }
    }
}
